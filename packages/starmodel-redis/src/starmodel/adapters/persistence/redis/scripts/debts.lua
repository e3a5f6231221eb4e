-- How far each store is behind.  Returns for each that anything is owed to {store, waiting, parked, the oldest}.
local found = {}
for i, store in ipairs(redis.call('SMEMBERS', 'starmodel.owing')) do
  local oldest = redis.call('ZRANGE', 'starmodel.owed:' .. store, 0, 0)[1]
  found[i] = {store, redis.call('ZCARD', 'starmodel.owed:' .. store), redis.call('ZCARD', 'starmodel.parked:' .. store),
              oldest and redis.call('HGET', 'starmodel.owed', oldest) or ''}
end
return found
