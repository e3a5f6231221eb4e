-- The end of a part: it is there, or it is put aside, or it waits again.
-- ARGV: "settle", how many seconds to remember what has arrived, then JSON of ids with the versions of their keys;
--       or "park", id, why; or "resume", id
local what, seconds = ARGV[1], ARGV[2]
local landed = what == 'settle' and cjson.decode(ARGV[3]) or {[ARGV[2]] = {}}
for id, versions in pairs(landed) do
  local found = redis.call('HGET', 'starmodel.owed', id)
  if found then
    local one = cjson.decode(found)
    local waiting, parked = 'starmodel.owed:' .. one.store, 'starmodel.parked:' .. one.store
    local place = redis.call('HGET', 'starmodel.owed.place', id)
    for key in pairs(one.keys) do
      local held = 'starmodel.held:' .. key
      if redis.call('HGET', held, 'owed') == id then
        redis.call('DEL', held)
        if versions[key] then
          redis.call('HSET', held, 'version', string.format('%.0f', versions[key]))
          redis.call('EXPIRE', held, seconds)
        end
      end
    end
    redis.call('ZREM', waiting, id)
    redis.call('ZREM', parked, id)
    redis.call('HDEL', 'starmodel.parked', id)
    if what == 'settle' then
      redis.call('HDEL', 'starmodel.owed', id)
      redis.call('HDEL', 'starmodel.owed.place', id)
      if redis.call('EXISTS', waiting) + redis.call('EXISTS', parked) == 0 then
        redis.call('SREM', 'starmodel.owing', one.store)
      end
    elseif what == 'park' then
      redis.call('ZADD', parked, place, id)
      redis.call('HSET', 'starmodel.parked', id, ARGV[3])
    else
      redis.call('ZADD', waiting, place, id)
    end
  end
end
return 1
