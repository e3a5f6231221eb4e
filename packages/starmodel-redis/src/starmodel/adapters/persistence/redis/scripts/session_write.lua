-- What one request changes in a session.
-- ARGV: key, for how many ms it lives from now, the key that it moves from or "", "1" if an owner follows, the owner,
-- how many values are set, name and text of each, and the names of those that go.
local key, lives, old, owner = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[5]
local hash = 'starmodel.session:' .. key
local function of(whose) return 'starmodel.sessions:' .. whose end
local whose = redis.call('HGET', hash, 'owner')
if old ~= '' and redis.call('EXISTS', 'starmodel.session:' .. old) == 1 then
  whose = redis.call('HGET', 'starmodel.session:' .. old, 'owner')
  if whose then redis.call('ZREM', of(whose), old) end
  redis.call('RENAME', 'starmodel.session:' .. old, hash)
end
local last = 6 + 2 * tonumber(ARGV[6])
for at = 7, last, 2 do redis.call('HSET', hash, '=' .. ARGV[at], ARGV[at + 1]) end
for at = last + 1, #ARGV do redis.call('HDEL', hash, '=' .. ARGV[at]) end
if ARGV[4] == '1' then
  if whose and whose ~= owner then redis.call('ZREM', of(whose), key) end
  whose = owner ~= '' and owner
  if whose then redis.call('HSET', hash, 'owner', whose) else redis.call('HDEL', hash, 'owner') end
end
if redis.call('HLEN', hash) == (whose and 1 or 0) then
  redis.call('DEL', hash)
  if whose then redis.call('ZREM', of(whose), key) end
  return
end
redis.call('PEXPIRE', hash, lives)
if whose then
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  redis.call('ZREMRANGEBYSCORE', of(whose), '-inf', now)
  redis.call('ZADD', of(whose), now + lives, key)
  redis.call('PEXPIRE', of(whose), lives + 1000)
end
