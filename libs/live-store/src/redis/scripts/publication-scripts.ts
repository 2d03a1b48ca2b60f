// Claims and sessions in Lua: the same rules as memory/memory-publications.ts.
import { SCRIPT_CLOCK } from './script-clock.ts';

/**
 * Lua: what all scripts of the control plane share. KEYS begin with open, seen; ARGV with claim TTL, session TTL, the length of
 * an outage, and what every key of the control plane begins with.
 *
 * A claim is a table of ten texts: stream, epoch, session, start of the session, start of the epoch, tenant, key, edge,
 * settings, reconnect window. Where a script writes, `keys` is a table of session and tenant.
 */
const PUBLICATION = `
${SCRIPT_CLOCK}
local OPEN, SEEN = KEYS[1], KEYS[2]
local CLAIM_TTL, SESSION_TTL, OUTAGE, PREFIX = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]

-- Time in which the store could not be reached does not count: all expiries are put off by as long.
local seen = tonumber(redis.call('GET', SEEN))
redis.call('SET', SEEN, digits(now), 'PX', SESSION_TTL)
if seen and now - seen > OUTAGE then
  local index = redis.call('ZRANGE', OPEN, 0, -1, 'WITHSCORES')
  for i = 1, #index, 2 do
    local stream = string.match(index[i], '^(.*):')
    local untilMs = index[i + 1] + now - seen
    redis.call('ZADD', OPEN, untilMs, index[i])
    local session = redis.call('HMGET', PREFIX .. 'session:' .. stream, 'tenant', 'window')
    if session[1] then
      redis.call('ZADD', PREFIX .. 'tenant:' .. session[1], untilMs + session[2], stream)
    end
  end
end

local function touch(keys, stream, epoch, untilMs, window)
  redis.call('ZADD', OPEN, untilMs, stream .. ':' .. epoch)
  redis.call('ZADD', keys[2], untilMs + window, stream)
  redis.call('PEXPIREAT', keys[1], untilMs + SESSION_TTL)
  redis.call('PEXPIREAT', keys[2], untilMs + window + SESSION_TTL)
end
local function open(keys, known, claim)
  if known then
    redis.call('ZREM', OPEN, claim[1] .. ':' .. known)
  end
  redis.call('HSET', keys[1], 'epoch', claim[2], 'session', claim[3], 'started', claim[4], 'begun', claim[5],
    'tenant', claim[6], 'key', claim[7], 'edge', claim[8], 'settings', claim[9], 'window', claim[10], 'cut', '', 'ended', '',
    'silent', '', 'from', '', 'cause', '')
  touch(keys, claim[1], claim[2], now + CLAIM_TTL, claim[10])
end
local function cut(keys, stream, epoch, reason, window)
  local untilMs = tonumber(redis.call('ZSCORE', OPEN, stream .. ':' .. epoch)) or now
  redis.call('HSET', keys[1], 'cut', reason)
  touch(keys, stream, epoch, math.min(untilMs, now), window)
end

-- The encoder that waits: a hash that lives as long as a claim without renewal.
local function putWaiting(waits, token, session, started, claim, most)
  redis.call('DEL', waits)
  redis.call('HSET', waits, 'token', token, 'session', session, 'started', started, 'since', digits(now),
    'tenant', claim[6], 'key', claim[7], 'edge', claim[8], 'settings', claim[9], 'window', claim[10], 'most', most,
    'silent', '0', 'ready', '', 'details', '', 'switch', '')
  redis.call('PEXPIRE', waits, CLAIM_TTL)
end
-- What the publisher of this epoch was silent for at its last renewal. An edge of an older release leaves what an earlier epoch had.
local function silenceOf(epoch, text)
  local of, silentMs = string.match(text or '', '^(%d+):(%d+)$')
  return of == epoch and tonumber(silentMs) or 0
end
local function isBackup(settings)
  return string.find(settings or '', '"role":"backup"', 1, true) ~= nil
end
local function mostLiveStreams(settings)
  return string.match(settings or '', '"maxLiveStreams":(%d+)') or ''
end
local SESSION = { 'epoch', 'session', 'started', 'begun', 'cut', 'ended', 'silent', 'window', 'from', 'cause', 'tenant', 'key', 'edge', 'settings' }
-- The publisher of this record makes way. Where it is connected, it waits from now on.
local function makeWay(waits, stream, known, untilMs)
  redis.call('DEL', waits)
  if known[6] ~= '1' and known[5] == '' and untilMs > now then
    local other = { stream, known[1], known[2], known[3], known[4], known[11], known[12], known[13], known[14], known[8] }
    putWaiting(waits, known[1], known[2], known[3], other, mostLiveStreams(known[14]))
    redis.call('HSET', waits, 'silent', digits(silenceOf(known[1], known[7])))
    redis.call('PEXPIRE', waits, untilMs - now)
  end
end
-- Whether the tenant may have one more stream live, or this one counts already.
local function hasRoom(tenant, stream, most)
  redis.call('ZREMRANGEBYSCORE', tenant, '-inf', now)
  return redis.call('ZSCORE', tenant, stream) or redis.call('ZCARD', tenant) < tonumber(most)
end
`;

/**
 * KEYS: open, seen, session, tenant, revoked, standby. ARGV: the shared four, most live streams, what becomes of a second publisher, then
 * stream, new session, tenant, key, edge, settings, window, role, whether it may wait, after what silence who waits makes way.
 * Answers the outcome; when claimed also session, epoch, start of the session, start of the epoch, resumed, replaced; the first four of
 * these when it waits.
 */
export const CLAIM_SCRIPT = `
${PUBLICATION}
local keys, stream = { KEYS[3], KEYS[4] }, ARGV[7]
if redis.call('EXISTS', KEYS[5]) == 1 then
  return { 'key_revoked' }
end
local known = redis.call('HMGET', keys[1], 'epoch', 'session', 'started', 'window', 'ended', 'settings')
local untilMs = 0
if known[1] and known[5] ~= '1' then
  untilMs = tonumber(redis.call('ZSCORE', OPEN, stream .. ':' .. known[1])) or 0
end
local replaced = untilMs > now
if ARGV[14] == 'backup' or (replaced and ARGV[15] == '1' and isBackup(known[6])) then
  local other = redis.call('HMGET', KEYS[6], 'token', 'silent')
  if other[1] and tonumber(other[2]) < tonumber(ARGV[16]) and ARGV[6] == 'refuse' then
    return { 'backup_waiting' }
  end
  if not hasRoom(keys[2], stream, ARGV[5]) then
    return { 'quota' }
  end
  local token = digits(math.max((tonumber(known[1]) or 0) + 1, (tonumber(other[1]) or 0) + 1, now))
  local isOpen = known[1] and known[5] ~= '1' and known[3]
  local session, started = isOpen and known[2] or ARGV[8], isOpen and known[3] or digits(now)
  local claim = { stream, token, session, started, digits(now), ARGV[9], ARGV[10], ARGV[11], ARGV[12], ARGV[13] }
  putWaiting(KEYS[6], token, session, started, claim, ARGV[5])
  return { 'standby', session, token, started, digits(now) }
end
if replaced and ARGV[6] == 'refuse' then
  return { 'already_publishing' }
end
local resumed = replaced or (untilMs > 0 and untilMs + known[4] > now)
if not resumed and not hasRoom(keys[2], stream, ARGV[5]) then
  return { 'quota' }
end
local epoch = digits(math.max((tonumber(known[1]) or 0) + 1, now))
local session = resumed and known[2] or ARGV[8]
local started = resumed and known[3] or digits(now)
local claim = { stream, epoch, session, started, digits(now), ARGV[9], ARGV[10], ARGV[11], ARGV[12], ARGV[13] }
open(keys, known[1], claim)
redis.call('ZREMRANGEBYSCORE', OPEN, '-inf', now - SESSION_TTL)
return { 'claimed', session, epoch, started, digits(now), resumed and 1 or 0, replaced and 1 or 0 }
`;

/**
 * KEYS: open, seen, then for each claim session, tenant, revoked, standby. ARGV: the shared four, then each claim's ten texts and how
 * long its publisher has been silent.
 * Answers for each claim why it is lost, or an empty text.
 */
export const RENEW_CLAIMS_SCRIPT = `
${PUBLICATION}
local function renew(keys, revoked, waits, claim, silentMs)
  local known = redis.call('HMGET', keys[1], 'epoch', 'session', 'cut', 'ended', 'silent')
  if known[1] then
    local mine = known[1] == claim[2]
    if mine and known[3] == 'key_revoked' then
      return 'key_revoked'
    end
    if known[2] == claim[3] and known[4] == '1' then
      return 'ended'
    end
    if tonumber(known[1]) > tonumber(claim[2]) then
      if redis.call('EXISTS', revoked) == 1 then
        return 'key_revoked'
      end
      if redis.call('HGET', waits, 'token') == claim[2] then
        redis.call('PEXPIRE', waits, CLAIM_TTL)
        return 'standby'
      end
      return 'taken_over'
    end
    if mine and known[3] == 'released' then
      return 'ended'
    end
    if mine then
      if silentMs ~= '0' or (known[5] and known[5] ~= '') then
        redis.call('HSET', keys[1], 'silent', silentMs ~= '0' and claim[2] .. ':' .. silentMs or '')
      end
      touch(keys, claim[1], claim[2], now + CLAIM_TTL, claim[10])
      return ''
    end
  end
  if redis.call('EXISTS', revoked) == 1 then
    return 'key_revoked'
  end
  -- The store has lost that this encoder was promoted: the other one makes way now as it did then.
  local waiting = known[1] and redis.call('HMGET', waits, 'token', 'key', 'edge')
  if waiting and waiting[1] and tonumber(waiting[1]) < tonumber(claim[2]) and waiting[2] == claim[7] and waiting[3] == claim[8] then
    local untilMs = tonumber(redis.call('ZSCORE', OPEN, claim[1] .. ':' .. known[1])) or 0
    makeWay(waits, claim[1], redis.call('HMGET', keys[1], unpack(SESSION)), untilMs)
  end
  open(keys, known[1], claim)
  return ''
end
local answers = {}
for i = 1, (#KEYS - 2) / 4 do
  local claim, k = {}, 4 * i - 1
  for j = 1, 10 do
    claim[j] = ARGV[4 + (i - 1) * 11 + j]
  end
  answers[i] = renew({ KEYS[k], KEYS[k + 1] }, KEYS[k + 2], KEYS[k + 3], claim, ARGV[4 + i * 11])
end
return answers
`;

/** KEYS: open, seen, session, tenant. ARGV: the shared four, then the claim's ten texts. */
export const RELEASE_CLAIM_SCRIPT = `
${PUBLICATION}
local keys, claim = { KEYS[3], KEYS[4] }, {}
for j = 1, 10 do
  claim[j] = ARGV[4 + j]
end
local known = redis.call('HMGET', keys[1], 'epoch', 'session', 'cut', 'ended')
local older = known[1] and tonumber(known[1]) < tonumber(claim[2])
local over = known[2] == claim[3] and known[4] == '1'
if not known[1] or (older and not over) then
  open(keys, known[1], claim)
  known = { claim[2], claim[3], '', '' }
end
if known[1] == claim[2] and known[3] == '' and known[4] == '' then
  cut(keys, claim[1], claim[2], 'released', claim[10])
end
return 1
`;

/** KEYS: open, seen, session, revoked, standby. ARGV: the shared four, stream, key. */
export const REVOKE_CLAIMS_SCRIPT = `
${PUBLICATION}
redis.call('SET', KEYS[4], '', 'PX', CLAIM_TTL)
if redis.call('HGET', KEYS[5], 'key') == ARGV[6] then
  redis.call('DEL', KEYS[5])
end
local known = redis.call('HMGET', KEYS[3], 'epoch', 'key', 'cut', 'ended', 'window', 'tenant')
if known[2] == ARGV[6] and known[3] == '' and known[4] == '' then
  cut({ KEYS[3], PREFIX .. 'tenant:' .. known[6] }, ARGV[5], known[1], 'key_revoked', known[5])
end
return 1
`;

/** KEYS: open, seen, session, standby. ARGV: the shared four, stream, session. Answers 1 when it is ended. */
export const END_SESSION_SCRIPT = `
${PUBLICATION}
local known = redis.call('HMGET', KEYS[3], 'epoch', 'session', 'ended', 'tenant')
if not known[1] then
  redis.call('HSET', KEYS[3], 'epoch', '0', 'session', ARGV[6], 'ended', '1')
  redis.call('PEXPIRE', KEYS[3], SESSION_TTL)
  return 1
end
if known[2] ~= ARGV[6] or known[3] == '1' then
  return 1
end
local member = ARGV[5] .. ':' .. known[1]
if (tonumber(redis.call('ZSCORE', OPEN, member)) or 0) > now or redis.call('HGET', KEYS[4], 'ready') == '1' then
  return 0
end
redis.call('ZREM', OPEN, member)
redis.call('ZREM', PREFIX .. 'tenant:' .. known[4], ARGV[5])
redis.call('HSET', KEYS[3], 'ended', '1')
return 1
`;

/**
 * KEYS: open, seen, then for each encoder that waits session, tenant, revoked, standby. ARGV: the shared four, for how long a publisher
 * stops before it is replaced, for how long its edge leaves out renewals, how long a requested switch holds, how much later than that
 * stop it is promoted at most, then for each encoder its claim's ten texts, how long it has been silent, whether it could go on, its details,
 * and a new session.
 * Answers for each six texts: `waiting`; `promoted`, session, epoch, start of the session, start of the epoch, the cause; or why it is lost.
 */
export const RENEW_STANDBYS_SCRIPT = `
${PUBLICATION}
local STOPPED, UNRENEWED, SWITCH = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
-- A session that an encoder waits for is open until that one is promoted, however short the reconnect window.
local PROMOTED_WITHIN = STOPPED + ARGV[8]

local function causeOf(known, untilMs, since, switch)
  if now - (tonumber(switch) or 0) < SWITCH then
    return 'requested'
  end
  if not known[3] or known[6] == '1' then
    return now - since >= STOPPED and 'stopped' or nil
  end
  if known[5] == 'key_revoked' then
    return 'removed'
  end
  if untilMs <= now then
    return (known[5] == '' or now - untilMs >= STOPPED) and 'stopped' or nil
  end
  local sinceRenewal = now - (untilMs - CLAIM_TTL)
  local silentMs = silenceOf(known[1], known[7])
  if sinceRenewal >= UNRENEWED or (silentMs >= STOPPED / 2 and sinceRenewal + silentMs >= STOPPED) then
    return 'stopped'
  end
  return nil
end

local function renew(keys, revoked, waits, claim, silentMs, ready, details, newSession)
  local stream, token = claim[1], claim[2]
  local known = redis.call('HMGET', keys[1], unpack(SESSION))
  if known[9] == token and known[6] ~= '1' then
    return { 'promoted', known[2], known[1], known[3], known[4], known[10] }
  end
  local waiting = redis.call('HMGET', waits, 'token', 'since', 'switch', 'most')
  if redis.call('EXISTS', revoked) == 1 then
    if waiting[1] == token then
      redis.call('DEL', waits)
    end
    return { 'key_revoked' }
  end
  if waiting[1] and waiting[1] ~= token then
    return { 'taken_over' }
  end
  if not waiting[1] then
    putWaiting(waits, token, claim[3], claim[4], claim, mostLiveStreams(claim[9]))
    waiting = { token, digits(now), '', mostLiveStreams(claim[9]) }
  end
  redis.call('HSET', waits, 'silent', silentMs, 'ready', ready, 'details', details, 'renewed', digits(now))
  redis.call('PEXPIRE', waits, CLAIM_TTL)
  local isOpen = known[3] and known[6] ~= '1'
  local untilMs = isOpen and tonumber(redis.call('ZSCORE', OPEN, stream .. ':' .. known[1])) or 0
  local heldUntilMs = isOpen and untilMs + math.max(tonumber(known[8]), PROMOTED_WITHIN) or 0
  local resumed = heldUntilMs > now
  if ready == '1' and resumed then
    redis.call('ZADD', keys[2], heldUntilMs, stream)
    redis.call('PEXPIREAT', keys[2], heldUntilMs + SESSION_TTL)
  end
  local cause = ready == '1' and causeOf(known, untilMs, tonumber(waiting[2]), waiting[3])
  if not cause then
    return { 'waiting' }
  end
  if not resumed and (waiting[4] == '' or not hasRoom(keys[2], stream, waiting[4])) then
    -- It cannot go on: the session before is not kept open for it.
    redis.call('HSET', waits, 'ready', '')
    return { 'waiting' }
  end
  local epoch = digits(math.max((tonumber(known[1]) or 0) + 1, tonumber(token) + 1, now))
  local session, started = resumed and known[2] or newSession, resumed and known[3] or digits(now)
  makeWay(waits, stream, known, untilMs)
  open(keys, known[1], { stream, epoch, session, started, digits(now), claim[6], claim[7], claim[8], claim[9], claim[10] })
  redis.call('HSET', keys[1], 'from', token, 'cause', cause)
  return { 'promoted', session, epoch, started, digits(now), cause }
end
local answers = {}
for i = 1, (#KEYS - 2) / 4 do
  local claim, k, a = {}, 4 * i - 1, 8 + (i - 1) * 14
  for j = 1, 10 do
    claim[j] = ARGV[a + j]
  end
  local answer = renew({ KEYS[k], KEYS[k + 1] }, KEYS[k + 2], KEYS[k + 3], claim, ARGV[a + 11], ARGV[a + 12], ARGV[a + 13], ARGV[a + 14])
  for j = 1, 6 do
    answers[(i - 1) * 6 + j] = answer[j] or ''
  end
end
return answers
`;

/** KEYS: open, seen, session, tenant, standby. ARGV: the shared four, stream, the name of the encoder that waits, reconnect window. */
export const RELEASE_STANDBY_SCRIPT = `
${PUBLICATION}
if redis.call('HGET', KEYS[5], 'token') == ARGV[6] then
  redis.call('DEL', KEYS[5])
end
-- It was promoted, and does not know.
local known = redis.call('HMGET', KEYS[3], 'epoch', 'from', 'cut', 'ended')
if known[2] == ARGV[6] and known[3] == '' and known[4] == '' then
  cut({ KEYS[3], KEYS[4] }, ARGV[5], known[1], 'released', ARGV[7])
end
return 1
`;

/** KEYS: standby. ARGV: how long ago its edge may have renewed it. Answers 1 when there is an encoder that can go on. */
export const REQUEST_SWITCH_SCRIPT = `
${SCRIPT_CLOCK}
local known = redis.call('HMGET', KEYS[1], 'ready', 'renewed')
if known[1] ~= '1' or now - (tonumber(known[2]) or 0) > tonumber(ARGV[1]) then
  return 0
end
redis.call('HSET', KEYS[1], 'switch', digits(now))
return 1
`;

/**
 * KEYS: open, seen. ARGV: the shared four. Answers one text, which costs the client a tenth of an array: the time, then each
 * member and its score, with spaces between.
 */
export const READ_INDEX_SCRIPT = `
${PUBLICATION}
local index = redis.call('ZRANGE', OPEN, now - SESSION_TTL, '+inf', 'BYSCORE', 'WITHSCORES')
return digits(now) .. ' ' .. table.concat(index, ' ')
`;

/**
 * KEYS: session, open. ARGV: stream, then the fields to read, the epoch first. Answers the time, until or since when the
 * publisher is or was connected, and the fields.
 */
export const READ_SESSION_SCRIPT = `
${SCRIPT_CLOCK}
local answer = { digits(now), false }
for i, value in ipairs(redis.call('HMGET', KEYS[1], unpack(ARGV, 2))) do
  answer[2 + i] = value
end
if answer[3] then
  answer[2] = redis.call('ZSCORE', KEYS[2], ARGV[1] .. ':' .. answer[3])
end
return answer
`;
