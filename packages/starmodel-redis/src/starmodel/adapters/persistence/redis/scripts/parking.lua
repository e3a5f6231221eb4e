-- What a task could not finish.  ARGV: "park", task, what it is, its row | "list", task, after which number, how many, "1" for
-- those with a wish alone | "wish", task, number, wish | "unpark", task, number
-- The numbers stand in a sorted set; a hash holds the rows, by number, and the numbers, by what they are.
local key = 'starmodel.untold:' .. ARGV[2]
local rows, wishes = 'starmodel.untold-rows:' .. ARGV[2], 'starmodel.untold-wishes:' .. ARGV[2]

if ARGV[1] == 'park' then
  local what = '=' .. ARGV[3]
  local number = redis.call('HGET', rows, what)
  if not number then
    number = string.format('%.0f', redis.call('HINCRBY', rows, 'last', 1))
    redis.call('ZADD', key, number, number)
  end
  redis.call('HSET', rows, what, number, number, cmsgpack.pack({what, ARGV[4]}))
  redis.call('HDEL', wishes, number)
  return number
end

if ARGV[1] == 'list' then
  local found = {}
  local numbers
  if ARGV[5] == '1' then
    numbers = redis.call('HKEYS', wishes)
    table.sort(numbers, function(a, b) return tonumber(a) < tonumber(b) end)
  else
    numbers = redis.call('ZRANGEBYSCORE', key, '(' .. ARGV[3], '+inf', 'LIMIT', 0, ARGV[4])
  end
  for _, number in ipairs(numbers) do
    local row = redis.call('HGET', rows, number)
    if row and tonumber(number) > tonumber(ARGV[3]) and #found < tonumber(ARGV[4]) then
      found[#found + 1] = {number, redis.call('HGET', wishes, number) or '', cmsgpack.unpack(row)[2]}
    end
  end
  return found
end

local number = ARGV[3]
local row = redis.call('HGET', rows, number)
if not row or number == 'last' then return 0 end
if ARGV[1] == 'wish' then
  if ARGV[4] == '' then redis.call('HDEL', wishes, number) else redis.call('HSET', wishes, number, ARGV[4]) end
else
  redis.call('HDEL', rows, number, cmsgpack.unpack(row)[1])
  redis.call('HDEL', wishes, number)
  redis.call('ZREM', key, number)
end
return 1
