-- The end of a part: it is there, or it is put aside, or it waits again.
-- ARGV: "settle" or "park" or "resume", then for "park" why, then ids
local what, from = ARGV[1], 2
local why = ''
if what == 'park' then why, from = ARGV[2], 3 end
for i = from, #ARGV do
  local id = ARGV[i]
  local found = redis.call('HGET', 'starmodel.owed', id)
  if found then
    local one = cjson.decode(found)
    local waiting, parked = 'starmodel.owed:' .. one.store, 'starmodel.parked:' .. one.store
    local place = redis.call('HGET', 'starmodel.owed.place', id)
    for _, key in ipairs(one.keys) do
      if redis.call('HGET', 'starmodel.held', key) == id then redis.call('HDEL', 'starmodel.held', key) end
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
      redis.call('HSET', 'starmodel.parked', id, why)
    else
      redis.call('ZADD', waiting, place, id)
    end
  end
end
return 1
