-- Indexes of a class are kept from now on.  ARGV: class, then their labels
-- Returns those that were not kept before; what is there already they lack, until somebody puts it in.
local new = {}
for i = 2, #ARGV do
  if redis.call('HSETNX', 'starmodel.indexes:' .. ARGV[1], ARGV[i], '1') == 1 then
    local name = ARGV[1] .. ':' .. ARGV[i]
    redis.call('UNLINK', 'starmodel.index:' .. name)
    redis.call('ZRANGESTORE', 'starmodel.behind:' .. name, 'starmodel.ids:' .. ARGV[1], 0, -1)
    new[#new + 1] = ARGV[i]
  end
end
return new
