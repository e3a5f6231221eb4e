-- What is owed.  ARGV: store, "parked" or "waiting", how many
-- Returns for each {what is owed, why it is parked ("" when it is not)}, in the order of the commits.
local set = (ARGV[2] == 'parked' and 'starmodel.parked:' or 'starmodel.owed:') .. ARGV[1]
local found = {}
for i, id in ipairs(redis.call('ZRANGE', set, 0, tonumber(ARGV[3]) - 1)) do
  found[i] = {redis.call('HGET', 'starmodel.owed', id), redis.call('HGET', 'starmodel.parked', id) or ''}
end
return found
