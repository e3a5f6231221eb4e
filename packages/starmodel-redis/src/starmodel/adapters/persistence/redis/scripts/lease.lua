-- The right to work through the log.  ARGV: task, holder, for how many ms
-- Returns {epoch, number worked through last}, or nothing while another has the right.
local key, holder = 'starmodel.task:' .. ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local head = redis.call('HMGET', 'starmodel.head', 'epoch', 'number')
local task = redis.call('HMGET', key, 'holder', 'until', 'number')
if task[1] and task[1] ~= holder and tonumber(task[2]) > now then return false end
local number = task[3] or head[2]
redis.call('HSET', key, 'holder', holder, 'until', string.format('%.0f', now + tonumber(ARGV[3])), 'number', number)
return {head[1], number}
