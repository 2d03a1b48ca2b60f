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
    'tenant', claim[6], 'key', claim[7], 'edge', claim[8], 'settings', claim[9], 'window', claim[10], 'cut', '', 'ended', '')
  touch(keys, claim[1], claim[2], now + CLAIM_TTL, claim[10])
end
local function cut(keys, stream, epoch, reason, window)
  local untilMs = tonumber(redis.call('ZSCORE', OPEN, stream .. ':' .. epoch)) or now
  redis.call('HSET', keys[1], 'cut', reason)
  touch(keys, stream, epoch, math.min(untilMs, now), window)
end
`;

/**
 * KEYS: open, seen, session, tenant, revoked. ARGV: the shared four, most live streams, what becomes of a second publisher, then
 * stream, new session, tenant, key, edge, settings, window.
 * Answers the outcome; when claimed also session, epoch, start of the session, start of the epoch, resumed, replaced.
 */
export const CLAIM_SCRIPT = `
${PUBLICATION}
local keys, stream = { KEYS[3], KEYS[4] }, ARGV[7]
if redis.call('EXISTS', KEYS[5]) == 1 then
  return { 'key_revoked' }
end
local known = redis.call('HMGET', keys[1], 'epoch', 'session', 'started', 'window', 'ended')
local untilMs = 0
if known[1] and known[5] ~= '1' then
  untilMs = tonumber(redis.call('ZSCORE', OPEN, stream .. ':' .. known[1])) or 0
end
local replaced = untilMs > now
if replaced and ARGV[6] == 'refuse' then
  return { 'already_publishing' }
end
local resumed = replaced or (untilMs > 0 and untilMs + known[4] > now)
if not resumed then
  redis.call('ZREMRANGEBYSCORE', keys[2], '-inf', now)
  if redis.call('ZCARD', keys[2]) >= tonumber(ARGV[5]) then
    return { 'quota' }
  end
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
 * KEYS: open, seen, then for each claim session, tenant, revoked. ARGV: the shared four, then each claim's ten texts.
 * Answers for each claim why it is lost, or an empty text.
 */
export const RENEW_CLAIMS_SCRIPT = `
${PUBLICATION}
local function renew(keys, revoked, claim)
  local known = redis.call('HMGET', keys[1], 'epoch', 'session', 'cut', 'ended')
  if known[1] then
    local mine = known[1] == claim[2]
    if mine and known[3] == 'key_revoked' then
      return 'key_revoked'
    end
    if known[2] == claim[3] and known[4] == '1' then
      return 'ended'
    end
    if tonumber(known[1]) > tonumber(claim[2]) then
      return redis.call('EXISTS', revoked) == 1 and 'key_revoked' or 'taken_over'
    end
    if mine and known[3] == 'released' then
      return 'ended'
    end
    if mine then
      touch(keys, claim[1], claim[2], now + CLAIM_TTL, claim[10])
      return ''
    end
  end
  if redis.call('EXISTS', revoked) == 1 then
    return 'key_revoked'
  end
  open(keys, known[1], claim)
  return ''
end
local answers = {}
for i = 1, (#KEYS - 2) / 3 do
  local claim = {}
  for j = 1, 10 do
    claim[j] = ARGV[4 + (i - 1) * 10 + j]
  end
  answers[i] = renew({ KEYS[3 * i], KEYS[3 * i + 1] }, KEYS[3 * i + 2], claim)
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

/** KEYS: open, seen, session, revoked. ARGV: the shared four, stream, key. */
export const REVOKE_CLAIMS_SCRIPT = `
${PUBLICATION}
redis.call('SET', KEYS[4], '', 'PX', CLAIM_TTL)
local known = redis.call('HMGET', KEYS[3], 'epoch', 'key', 'cut', 'ended', 'window', 'tenant')
if known[2] == ARGV[6] and known[3] == '' and known[4] == '' then
  cut({ KEYS[3], PREFIX .. 'tenant:' .. known[6] }, ARGV[5], known[1], 'key_revoked', known[5])
end
return 1
`;

/** KEYS: open, seen, session. ARGV: the shared four, stream, session. Answers 1 when it is ended. */
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
if (tonumber(redis.call('ZSCORE', OPEN, member)) or 0) > now then
  return 0
end
redis.call('ZREM', OPEN, member)
redis.call('ZREM', PREFIX .. 'tenant:' .. known[4], ARGV[5])
redis.call('HSET', KEYS[3], 'ended', '1')
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
