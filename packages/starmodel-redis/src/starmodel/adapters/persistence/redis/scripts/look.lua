-- The documents of a class, all as they are at one moment.
-- ARGV: class, the most that are looked at, or "" for a page; then for a page: "up" or "down", after which id
--       ("" from the beginning), how many
-- Returns {"all", documents}, {"page", ids, documents}, {"most", how many there are}, or {"mixed"} when some may expire,
-- whose ids stand in the order of their ends and not of their names.
local ids = 'starmodel.ids:' .. ARGV[1]
local function text(number) return string.format('%.0f', number) end
local time = redis.call('TIME')
local now = text(tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))

local function documents(names)
  local found = {}
  for first = 1, #names, 1000 do
    local keys = {}
    for i = first, math.min(first + 999, #names) do keys[#keys + 1] = 'starmodel:' .. ARGV[1] .. ':' .. names[i] end
    for _, document in ipairs(redis.call('MGET', unpack(keys))) do found[#found + 1] = document end
  end
  return found
end

if ARGV[2] ~= '' then
  local count = redis.call('ZCOUNT', ids, now, '+inf')
  if count > tonumber(ARGV[2]) then return {'most', count} end
  return {'all', documents(redis.call('ZRANGEBYSCORE', ids, now, '+inf'))}
end

if redis.call('ZCOUNT', ids, '-inf', '(+inf') > 0 then return {'mixed'} end
local names
if ARGV[3] == 'up' then
  names = redis.call('ZRANGEBYLEX', ids, ARGV[4] == '' and '-' or '(' .. ARGV[4], '+', 'LIMIT', 0, ARGV[5])
else
  names = redis.call('ZREVRANGEBYLEX', ids, ARGV[4] == '' and '+' or '(' .. ARGV[4], '-', 'LIMIT', 0, ARGV[5])
end
return {'page', names, documents(names)}
