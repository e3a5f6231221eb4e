-- A commit: everything is checked, then everything is written.  Nothing comes between, and nothing is left by halves.
-- ARGV: command id, fingerprint, attempt, how many commits the log keeps ("" for a rehearsal, which only checks), head,
--       keys, body, number of writes; then for each write: class, id, expected version ("0": not there yet), time to live
--       in ms ("" for ever), shape (with "=" before it: whatever the one there is), the rest of the document after its
--       version and shape ("" deletes), in how many indexes it stands; and for each of these: label, member, and "1" when
--       nobody else may have the same values;
--       then how much is owed to other stores, and for each: id, store, what is owed, number of keys, and for each:
--       the key, the version that the change of it was made on
-- Returns {"ok", epoch, number} or {"known", epoch, number, fingerprint, attempt, versions, head, keys, body} or
--         {"begin"} or {"gone" or "conflict" or "odd", which write, version found} or {"shape", which write, document} or
--         {"index", which write} when it is not kept yet, or {"taken", which write, label}
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
local known = keep and redis.call('HGET', COMMANDS, id)
if not keep then
  known = nil
elseif known then
  local entry = redis.call('XRANGE', LOG, known .. '-0', known .. '-0')[1]
  if entry and now - tonumber(entry[2][2]) < DAY then
    local f = entry[2]
    return {'known', epoch, known, f[6], f[8], f[10], f[12], f[14], f[16]}
  end
else
  local old = redis.call('HMGET', 'starmodel.receipt:' .. id, 'number', 'fingerprint', 'versions', 'head', 'keys')
  if old[1] then return {'known', epoch, old[1], old[2], '', old[3], old[4], old[5], ''} end
end

local writes, at = {}, 8
for i = 1, count do
  local w = {class = ARGV[at + 1], id = ARGV[at + 2], expected = ARGV[at + 3], ttl = tonumber(ARGV[at + 4]),
             shape = ARGV[at + 5], rest = ARGV[at + 6], first = at + 7, last = at + 7 + 3 * tonumber(ARGV[at + 7])}
  at = w.last
  w.key = 'starmodel:' .. w.class .. ':' .. w.id
  local beginning = redis.call('GETRANGE', w.key, 0, 63)
  local found, shape = string.match(beginning, '^{"_version":(%d+),"_shape":"(%w*)"')
  if beginning ~= '' and not found then return {'odd', text(i - 1)} end
  if (found or '0') ~= w.expected then
    return {found and 'conflict' or 'gone', text(i - 1), found or '0'}
  end
  local wanted, of = string.match(w.shape, '^(=?)(%w*)$')
  w.shape = of
  if keep and found and w.rest ~= '' and wanted == '' and of ~= shape then
    return {'shape', text(i - 1), redis.call('GET', w.key)}
  end
  writes[i] = w
end

-- What waits with a change of the same entity of another store has to get there first; and who looked before it did
-- has to look again.
local owed = {}
at = at + 1
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

-- What is unique must be nobody else's: of those that are there, and are not about to change themselves.
local kept, own, taken = {}, {}, {}
for i, w in ipairs(writes) do
  if not kept[w.class] then kept[w.class] = redis.call('HKEYS', 'starmodel.indexes:' .. w.class) end
  own[w.key] = true
  w.stands = {}
  for j = w.first + 1, w.last, 3 do w.stands[ARGV[j]] = ARGV[j + 1] end
end
for i, w in ipairs(writes) do
  for j = w.first + 1, w.last, 3 do
    local label, member = ARGV[j], ARGV[j + 1]
    local index = 'starmodel.index:' .. w.class .. ':' .. label
    local is_kept = false
    for _, one in ipairs(kept[w.class]) do is_kept = is_kept or one == label end
    if not is_kept then return {'index', text(i - 1)} end
    if ARGV[j + 2] == '1' then
      local value = string.sub(member, 1, -1 - #w.id)
      if taken[index .. value] then return {'taken', text(i - 1), label} end
      taken[index .. value] = true
      for _, other in ipairs(redis.call('ZRANGEBYLEX', index, '[' .. value, '(' .. string.sub(value, 1, -2) .. '\1')) do
        local there = 'starmodel:' .. w.class .. ':' .. string.sub(other, #value + 1)
        if not own[there] and redis.call('EXISTS', there) == 1 then return {'taken', text(i - 1), label} end
      end
    end
  end
end
if not keep then return {'ok', epoch, '0'} end

-- Take *id* out of every index where it stands, but as *stands* says.
local function take_out(class, id, stands)
  local indexed = 'starmodel.indexed:' .. class
  local members = redis.call('HGET', indexed, id)
  if not members then return end
  members = cmsgpack.unpack(members)
  for i = 1, #members, 2 do
    if stands[members[i]] ~= members[i + 1] then
      redis.call('ZREM', 'starmodel.index:' .. class .. ':' .. members[i], members[i + 1])
    end
  end
  if not next(stands) then redis.call('HDEL', indexed, id) end
end

-- Put a write into the indexes that its writer keeps; the others, of another version of the class, lack it from now on.
local LACKS = 10000
local function put_in(w)
  take_out(w.class, w.id, w.stands)
  local members = {}
  for _, label in ipairs(kept[w.class]) do
    local name = w.class .. ':' .. label
    local member = w.stands[label]
    if member then
      redis.call('ZADD', 'starmodel.index:' .. name, 0, member)
      members[#members + 1], members[#members + 2] = label, member
    end
    if member or w.rest == '' then
      redis.call('ZREM', 'starmodel.behind:' .. name, w.id)
    else
      redis.call('ZADD', 'starmodel.behind:' .. name, 0, w.id)
      if redis.call('ZCARD', 'starmodel.behind:' .. name) > LACKS then  -- nobody who keeps it is left, it seems
        redis.call('HDEL', 'starmodel.indexes:' .. w.class, label)
        redis.call('UNLINK', 'starmodel.behind:' .. name, 'starmodel.index:' .. name)
      end
    end
  end
  if #members > 0 then redis.call('HSET', 'starmodel.indexed:' .. w.class, w.id, cmsgpack.pack(members)) end
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
      for _, gone in ipairs(redis.call('ZRANGEBYSCORE', ids, '-inf', '(' .. text(now), 'LIMIT', 0, 100)) do
        take_out(w.class, gone, {})
        redis.call('ZREM', ids, gone)
      end
      redis.call('ZADD', ids, text(now + w.ttl), w.id)
    else
      redis.call('SET', w.key, document)
      redis.call('ZADD', ids, '+inf', w.id)
    end
  end
  if #kept[w.class] > 0 then put_in(w) end
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
