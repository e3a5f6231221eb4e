-- Parts of an index, as they are at one moment.  ARGV: class, label, then
--   "count", from and to of each part
--   "walk", from, to, how the values go and how the ids, "up" or "down" each, how many fields, after which member ("" from
--   the beginning), how many
-- Returns {"index"} when there is none, {"behind"} when it lacks something, {"again"} when there was too much to clear away,
-- {"counts", ...} or {"page", members, documents}.
local class, label = ARGV[1], ARGV[2]
local ids, key = 'starmodel.ids:' .. class, 'starmodel.index:' .. class .. ':' .. label
local indexed = 'starmodel.indexed:' .. class
if redis.call('HEXISTS', 'starmodel.indexes:' .. class, label) == 0 then return {'index'} end
if redis.call('ZCARD', 'starmodel.behind:' .. class .. ':' .. label) > 0 then return {'behind'} end

-- What has expired is in no index, and counts for nothing.
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
local expired = redis.call('ZRANGEBYSCORE', ids, '-inf', '(' .. now, 'LIMIT', 0, 1000)
for _, id in ipairs(expired) do
  local kept = redis.call('HGET', indexed, id)
  if kept then
    local members = cmsgpack.unpack(kept)
    for i = 1, #members, 2 do redis.call('ZREM', 'starmodel.index:' .. class .. ':' .. members[i], members[i + 1]) end
    redis.call('HDEL', indexed, id)
  end
  redis.call('ZREM', ids, id)
end
if #expired == 1000 then return {'again'} end

if ARGV[3] == 'count' then
  local counts = {'counts'}
  for i = 4, #ARGV, 2 do counts[#counts + 1] = redis.call('ZLEXCOUNT', key, ARGV[i], ARGV[i + 1]) end
  return counts
end

local from, to, values, names = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local fields, start, wanted = tonumber(ARGV[8]), ARGV[9], tonumber(ARGV[10])
local found = {}

-- The values of a member, and where its id begins.
local function ends(member)
  local place = 0
  for _ = 1, fields do place = string.find(member, '\0', place + 1, true) end
  return string.sub(member, 1, place), string.sub(member, place + 1)
end

local function add(command, low, high, count)
  local members = redis.call(command, key, low, high, 'LIMIT', 0, count)
  for _, member in ipairs(members) do found[#found + 1] = member end
  return members
end

if values == names then
  if values == 'up' then
    add('ZRANGEBYLEX', start == '' and from or '(' .. start, to, wanted)
  else
    add('ZREVRANGEBYLEX', start == '' and to or '(' .. start, from, wanted)
  end
else
  -- Values go one way and the ids of each the other: one value after the other.
  local low, high = from, to
  local function group(value, after)
    local beyond = string.sub(value, 1, -2) .. '\1'
    if names == 'up' then
      add('ZRANGEBYLEX', after and '(' .. after or '[' .. value, '(' .. beyond, wanted - #found)
    else
      add('ZREVRANGEBYLEX', after and '(' .. after or '(' .. beyond, '[' .. value, wanted - #found)
    end
    if values == 'up' then low = '[' .. beyond else high = '(' .. value end
  end
  if start ~= '' then group((ends(start)), start) end
  while #found < wanted do
    local one
    if values == 'up' then
      one = redis.call('ZRANGEBYLEX', key, low, high, 'LIMIT', 0, 1)[1]
    else
      one = redis.call('ZREVRANGEBYLEX', key, high, low, 'LIMIT', 0, 1)[1]
    end
    if not one then break end
    group((ends(one)))
  end
end

local documents = {}
for first = 1, #found, 1000 do
  local keys = {}
  for i = first, math.min(first + 999, #found) do
    local _, id = ends(found[i])
    keys[#keys + 1] = 'starmodel:' .. class .. ':' .. id
  end
  for _, document in ipairs(redis.call('MGET', unpack(keys))) do documents[#documents + 1] = document end
end
return {'page', found, documents}
