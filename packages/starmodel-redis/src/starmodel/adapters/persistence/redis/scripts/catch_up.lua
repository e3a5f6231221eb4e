-- Put what an index lacks into it.  ARGV: class, label; then for each: id, the version it was read at ("" when it was not
-- there), member, and "1" when nobody else may have the same values
-- Returns pairs of ids that have the same values all the same.  What was changed meanwhile is left for another time.
local class, label = ARGV[1], ARGV[2]
local index, indexed = 'starmodel.index:' .. class .. ':' .. label, 'starmodel.indexed:' .. class
local behind = 'starmodel.behind:' .. class .. ':' .. label
if redis.call('HEXISTS', 'starmodel.indexes:' .. class, label) == 0 then return {} end
local alike = {}
for i = 3, #ARGV, 4 do
  local id, version, member = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local beginning = redis.call('GETRANGE', 'starmodel:' .. class .. ':' .. id, 0, 63)
  local found = string.match(beginning, '^{"_version":(%d+),') or ''
  if found == version and redis.call('ZSCORE', behind, id) then
    redis.call('ZREM', behind, id)
    local packed = redis.call('HGET', indexed, id)
    local members = packed and cmsgpack.unpack(packed) or {}
    local others = {}
    for j = 1, #members, 2 do
      if members[j] ~= label then
        others[#others + 1], others[#others + 2] = members[j], members[j + 1]
      elseif members[j + 1] ~= member then
        redis.call('ZREM', index, members[j + 1])
      end
    end
    if version ~= '' then
      if ARGV[i + 3] == '1' then
        local value = string.sub(member, 1, -1 - #id)
        for _, other in ipairs(redis.call('ZRANGEBYLEX', index, '[' .. value, '(' .. string.sub(value, 1, -2) .. '\1')) do
          local name = string.sub(other, #value + 1)
          if name ~= id and redis.call('EXISTS', 'starmodel:' .. class .. ':' .. name) == 1 then
            alike[#alike + 1], alike[#alike + 2] = name, id
          end
        end
      end
      redis.call('ZADD', index, 0, member)
      others[#others + 1], others[#others + 2] = label, member
    end
    if #others > 0 then
      redis.call('HSET', indexed, id, cmsgpack.pack(others))
    else
      redis.call('HDEL', indexed, id)
    end
  end
end
return alike
