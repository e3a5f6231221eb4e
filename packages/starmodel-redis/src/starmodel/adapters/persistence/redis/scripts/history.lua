-- The commits that changed one entity.  ARGV: class, id, above which version, below which ("+inf"), the newest so many or ""
-- Returns {epoch, entries}, oldest first.
local key, above, below = 'starmodel.history:' .. ARGV[1] .. ':' .. ARGV[2], '(' .. ARGV[3], ARGV[4]
local numbers
if ARGV[5] == '' then
  numbers = redis.call('ZRANGEBYSCORE', key, above, below)
else
  local newest = redis.call('ZREVRANGEBYSCORE', key, below, above, 'LIMIT', 0, ARGV[5])
  numbers = {}
  for i = #newest, 1, -1 do numbers[#numbers + 1] = newest[i] end
end
local entries = {}
for _, number in ipairs(numbers) do
  local entry = redis.call('XRANGE', 'starmodel.log', number .. '-0', number .. '-0')[1]
  if entry then entries[#entries + 1] = entry end
end
return {redis.call('HGET', 'starmodel.head', 'epoch'), entries}
