-- Put a commit into the stream.  ARGV: how many the stream keeps, then its fields by turns.
-- Each entry names the one before it, so that a reader sees when something is missing.  Returns the new entry's id.
local last = redis.call('XREVRANGE', 'starmodel.bus', '+', '-', 'COUNT', 1)[1]
local fields = {'after', last and last[1] or ''}
for i = 2, #ARGV do fields[#fields + 1] = ARGV[i] end
return redis.call('XADD', 'starmodel.bus', 'MAXLEN', '~', ARGV[1], '*', unpack(fields))
