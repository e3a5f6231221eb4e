-- An index is not kept any more.  ARGV: class, label
redis.call('HDEL', 'starmodel.indexes:' .. ARGV[1], ARGV[2])
local name = ARGV[1] .. ':' .. ARGV[2]
redis.call('UNLINK', 'starmodel.behind:' .. name, 'starmodel.index:' .. name)
return 1
