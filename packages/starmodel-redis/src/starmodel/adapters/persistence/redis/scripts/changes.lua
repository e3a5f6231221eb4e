-- A stretch of the log.  ARGV: after which number, how many
-- Returns {epoch, newest number, entries}.
local head = redis.call('HMGET', 'starmodel.head', 'epoch', 'number')
return {head[1], head[2], redis.call('XRANGE', 'starmodel.log', '(' .. ARGV[1] .. '-0', '+', 'COUNT', ARGV[2])}
