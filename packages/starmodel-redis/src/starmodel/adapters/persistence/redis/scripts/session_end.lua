-- Forget sessions.  ARGV: "key" and the key of one, or "owner" and whose all are to go
-- Returns the keys of those that were there.
local gone, keys, index = {}, {ARGV[2]}, nil
if ARGV[1] == 'owner' then
  index = 'starmodel.sessions:' .. ARGV[2]
  keys = redis.call('ZRANGE', index, 0, -1)
end
for _, key in ipairs(keys) do
  local hash = 'starmodel.session:' .. key
  local owner = redis.call('HGET', hash, 'owner')
  if not index and owner then redis.call('ZREM', 'starmodel.sessions:' .. owner, key) end
  if redis.call('DEL', hash) == 1 then gone[#gone + 1] = key end
end
if index then redis.call('DEL', index) end
return gone
