-- How far a task is.  ARGV: task, holder, number
local key = 'starmodel.task:' .. ARGV[1]
if redis.call('HGET', key, 'holder') ~= ARGV[2] then return 0 end
redis.call('HSET', key, 'number', ARGV[3])
return 1
