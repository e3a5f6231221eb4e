-- A commit: everything is checked, then everything is written.  Nothing comes between, and nothing is left by halves.
-- ARGV: command id, fingerprint, attempt, how many commits the log keeps, head, keys, body, number of writes; then for
--       each write: class, id, expected version ("0": not there yet), time to live in ms ("" for ever), shape (with "="
--       before it: whatever the one there is), the rest of the document after its version and shape ("" deletes);
--       then how much is owed to other stores, and for each: id, store, what is owed, number of keys, and for each:
--       the key, the version that the change of it was made on
-- Returns {"ok", epoch, number} or {"known", epoch, number, fingerprint, attempt, versions, head, keys, body} or
--         {"begin"} or {"gone" or "conflict" or "odd", which write, version found} or {"shape", which write, document}
--         or {"held", which of what is owed, key}
--         or {"landed", which of what is owed, key, version made on, version found}
local DAY = 24 * 60 * 60 * 1000
local HEAD, LOG, COMMANDS = 'starmodel.head', 'starmodel.log', 'starmodel.commands'
local id, fingerprint, attempt, keep = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local head, keys, body, count = ARGV[5], ARGV[6], ARGV[7], tonumber(ARGV[8])

local function text(number) return string.format('%.0f', number) end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local epoch = redis.call('HGET', HEAD, 'epoch')
if not epoch then return {'begin'} end

-- Did this command take effect within a day?  The fields of an entry stand in the order of XADD below.
local known = redis.call('HGET', COMMANDS, id)
if known then
  local entry = redis.call('XRANGE', LOG, known .. '-0', known .. '-0')[1]
  if entry and now - tonumber(entry[2][2]) < DAY then
    local f = entry[2]
    return {'known', epoch, known, f[6], f[8], f[10], f[12], f[14], f[16]}
  end
else
  local old = redis.call('HMGET', 'starmodel.receipt:' .. id, 'number', 'fingerprint', 'versions', 'head', 'keys')
  if old[1] then return {'known', epoch, old[1], old[2], '', old[3], old[4], old[5], ''} end
end

local writes = {}
for i = 1, count do
  local at = 8 + (i - 1) * 6
  local w = {class = ARGV[at + 1], id = ARGV[at + 2], expected = ARGV[at + 3], ttl = tonumber(ARGV[at + 4]),
             shape = ARGV[at + 5], rest = ARGV[at + 6]}
  w.key = 'starmodel:' .. w.class .. ':' .. w.id
  local beginning = redis.call('GETRANGE', w.key, 0, 63)
  local found, shape = string.match(beginning, '^{"_version":(%d+),"_shape":"(%w*)"')
  if beginning ~= '' and not found then return {'odd', text(i - 1)} end
  if (found or '0') ~= w.expected then
    return {found and 'conflict' or 'gone', text(i - 1), found or '0'}
  end
  local wanted, of = string.match(w.shape, '^(=?)(%w*)$')
  w.shape = of
  if found and w.rest ~= '' and wanted == '' and of ~= shape then
    return {'shape', text(i - 1), redis.call('GET', w.key)}
  end
  writes[i] = w
end

-- What waits with a change of the same entity of another store has to get there first; and who looked before it did
-- has to look again.
local owed, at = {}, 8 + count * 6 + 1
for i = 1, tonumber(ARGV[at]) do
  local o = {id = ARGV[at + 1], store = ARGV[at + 2], what = ARGV[at + 3], keys = {}}
  local first = at + 4
  at = first + 2 * tonumber(ARGV[first])
  for k = first + 1, at, 2 do
    local held = redis.call('HMGET', 'starmodel.held:' .. ARGV[k], 'owed', 'version')
    if held[1] then return {'held', text(i - 1), ARGV[k]} end
    if held[2] and tonumber(held[2]) > tonumber(ARGV[k + 1]) then
      return {'landed', text(i - 1), ARGV[k], ARGV[k + 1], held[2]}
    end
    o.keys[#o.keys + 1] = ARGV[k]
  end
  owed[i] = o
end

local number = redis.call('HINCRBY', HEAD, 'number', 1)
local versions = {}
for i, w in ipairs(writes) do
  local version = w.expected == '0' and text(number) or text(tonumber(w.expected) + 1)
  local ids = 'starmodel.ids:' .. w.class
  versions[i] = version
  if w.rest == '' then
    redis.call('DEL', w.key)
    redis.call('ZREM', ids, w.id)
  else
    local document = '{"_version":' .. version .. ',"_shape":"' .. w.shape .. '",' .. w.rest
    if w.ttl then
      redis.call('SET', w.key, document, 'PX', w.ttl)
      redis.call('ZREMRANGEBYSCORE', ids, '-inf', '(' .. text(now))
      redis.call('ZADD', ids, text(now + w.ttl), w.id)
    else
      redis.call('SET', w.key, document)
      redis.call('ZADD', ids, '+inf', w.id)
    end
  end
  redis.call('ZADD', 'starmodel.history:' .. w.class .. ':' .. w.id, version, text(number))
end
redis.call('XADD', LOG, text(number) .. '-0', 'time', text(now), 'command', id, 'fingerprint', fingerprint,
  'attempt', attempt, 'versions', table.concat(versions, ','), 'head', head, 'keys', keys, 'body', body)
redis.call('HSET', COMMANDS, id, text(number))
for i, o in ipairs(owed) do
  redis.call('SADD', 'starmodel.owing', o.store)
  redis.call('HSET', 'starmodel.owed', o.id, o.what)
  redis.call('HSET', 'starmodel.owed.place', o.id, text(number * 1000 + i))
  redis.call('ZADD', 'starmodel.owed:' .. o.store, text(number * 1000 + i), o.id)
  for _, key in ipairs(o.keys) do
    redis.call('DEL', 'starmodel.held:' .. key)
    redis.call('HSET', 'starmodel.held:' .. key, 'owed', o.id)
  end
end

-- The log keeps so many commits.  Of an older one a receipt stays for the rest of its day, without what changed.
local surplus = math.min(redis.call('XLEN', LOG) - keep, 10)
if surplus > 0 then
  for _, entry in ipairs(redis.call('XRANGE', LOG, '-', '+', 'COUNT', surplus)) do
    local f, of = entry[2], string.match(entry[1], '^%d+')
    if redis.call('HGET', COMMANDS, f[4]) == of then
      redis.call('HDEL', COMMANDS, f[4])
      if now - tonumber(f[2]) < DAY then
        local receipt = 'starmodel.receipt:' .. f[4]
        redis.call('HSET', receipt, 'number', of, 'fingerprint', f[6], 'versions', f[10], 'head', f[12], 'keys', f[14])
        redis.call('PEXPIREAT', receipt, text(tonumber(f[2]) + DAY))
      end
    end
    for _, key in ipairs(cjson.decode(f[14])) do
      redis.call('ZREM', 'starmodel.history:' .. key[1] .. ':' .. key[2], of)
    end
    redis.call('XDEL', LOG, entry[1])
  end
end
return {'ok', epoch, text(number)}
