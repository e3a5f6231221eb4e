-- The commit of a command.  ARGV: command id, "1" when it must be of the last 24 hours
-- Returns {epoch, number, fingerprint, attempt, versions, head, keys, body}, without a body when the log is cut above it.
local DAY = 24 * 60 * 60 * 1000
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local epoch = redis.call('HGET', 'starmodel.head', 'epoch')
local known = redis.call('HGET', 'starmodel.commands', ARGV[1])
if known then
  local entry = redis.call('XRANGE', 'starmodel.log', known .. '-0', known .. '-0')[1]
  if entry and (ARGV[2] == '' or now - tonumber(entry[2][2]) < DAY) then
    local f = entry[2]
    return {epoch, known, f[6], f[8], f[10], f[12], f[14], f[16]}
  end
elseif ARGV[2] ~= '' then
  local old = redis.call('HMGET', 'starmodel.receipt:' .. ARGV[1], 'number', 'fingerprint', 'versions', 'head', 'keys')
  if old[1] then return {epoch, old[1], old[2], '', old[3], old[4], old[5], ''} end
end
return false
