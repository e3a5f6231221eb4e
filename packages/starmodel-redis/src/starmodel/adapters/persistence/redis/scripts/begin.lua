-- A connection to a server begins: is its log the one that this process knows?
-- ARGV: run id of the server, a fresh epoch, "1" when the server loses nothing acknowledged,
--       and what this process saw last: run id, epoch, number ("" when nothing)
-- Returns the epoch, the number of the newest commit, and "1" when the log began anew.
local HEAD = 'starmodel.head'
local run, fresh, safe = ARGV[1], ARGV[2], ARGV[3] == '1'
local seen_run, seen_epoch, seen_number = ARGV[4], ARGV[5], tonumber(ARGV[6]) or 0

local function text(number) return string.format('%.0f', number) end

local head = redis.call('HMGET', HEAD, 'epoch', 'number', 'run', 'previous', 'began')
if not head[1] then
  -- Nothing is here.  Numbers go on from what was seen, so that no version is given twice.
  redis.call('HSET', HEAD, 'epoch', fresh, 'number', text(seen_number), 'run', run, 'previous', '', 'began', text(seen_number))
  return {fresh, text(seen_number), '1'}
end

local epoch, number = head[1], tonumber(head[2])
local previous, began = head[4], tonumber(head[5])
local lost = false
if head[3] ~= run then
  -- The server was started anew, or is another one since.  Who saw nothing before cannot tell whether all is there.
  previous, began = head[3], number
  redis.call('HSET', HEAD, 'run', run, 'previous', previous, 'began', text(began))
  lost = seen_run == '' and not safe
end
if seen_run ~= '' and seen_run ~= run and seen_epoch == epoch then
  lost = previous ~= seen_run or seen_number > began
end
if not lost then return {epoch, text(number), '0'} end
number = math.max(number, seen_number)
redis.call('HSET', HEAD, 'epoch', fresh, 'number', text(number))
return {fresh, text(number), '1'}
