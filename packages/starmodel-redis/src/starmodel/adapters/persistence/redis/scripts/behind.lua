-- What an index lacks.  ARGV: class, label, how many
-- Returns {ids, documents}.
local ids = redis.call('ZRANGE', 'starmodel.behind:' .. ARGV[1] .. ':' .. ARGV[2], 0, ARGV[3] - 1)
if #ids == 0 then return {ids, {}} end
local keys = {}
for i, id in ipairs(ids) do keys[i] = 'starmodel:' .. ARGV[1] .. ':' .. id end
return {ids, redis.call('MGET', unpack(keys))}
