-- What is kept of a session, whose time begins anew.  ARGV: key, for how many ms it lives from now
-- Returns the fields of its hash: "owner", and "=" before the name of each value.
local key, lives = ARGV[1], tonumber(ARGV[2])
local hash = 'starmodel.session:' .. key
local left = redis.call('PTTL', hash)
if left < 0 then return {} end
if left < lives * 0.9 then
  redis.call('PEXPIRE', hash, lives)
  local owner = redis.call('HGET', hash, 'owner')
  if owner then
    local time = redis.call('TIME')
    local ends = tonumber(time[1]) * 1000 + lives
    redis.call('ZADD', 'starmodel.sessions:' .. owner, 'XX', ends, key)
    redis.call('PEXPIRE', 'starmodel.sessions:' .. owner, lives + 1000)
  end
end
return redis.call('HGETALL', hash)
