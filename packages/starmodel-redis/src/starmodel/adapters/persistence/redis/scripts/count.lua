-- How many of a class there are.  ARGV: class
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
return redis.call('ZCOUNT', 'starmodel.ids:' .. ARGV[1], string.format('%.0f', now), '+inf')
