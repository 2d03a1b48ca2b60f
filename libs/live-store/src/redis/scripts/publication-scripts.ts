// Claims and sessions in Lua: the same rules as memory/memory-publications.ts.
import { SCRIPT_CLOCK } from './script-clock.ts';

/**
 * Lua: how a publication is written. A claim is a table of ten texts: stream, epoch, session, start of the session, start of the
 * epoch, tenant, key, edge, settings, reconnect window. Keys are a table of session, open, tenant.
 */
const PUBLICATION = `
${SCRIPT_CLOCK}
local function touch(keys, stream, epoch, untilMs, window, sessionTtl)
  redis.call('ZADD', keys[2], untilMs, stream .. ':' .. epoch)
  redis.call('ZADD', keys[3], untilMs + window, stream)
  redis.call('PEXPIREAT', keys[1], untilMs + sessionTtl)
  redis.call('PEXPIREAT', keys[3], untilMs + window + sessionTtl)
end
local function open(keys, known, claim, ttl, sessionTtl)
  if known then
    redis.call('ZREM', keys[2], claim[1] .. ':' .. known)
  end
  redis.call('HSET', keys[1], 'epoch', claim[2], 'session', claim[3], 'started', claim[4], 'begun', claim[5],
    'tenant', claim[6], 'key', claim[7], 'edge', claim[8], 'settings', claim[9], 'window', claim[10], 'cut', '', 'ended', '')
  touch(keys, claim[1], claim[2], now + ttl, claim[10], sessionTtl)
end
local function cut(keys, stream, epoch, reason, window, sessionTtl)
  local untilMs = tonumber(redis.call('ZSCORE', keys[2], stream .. ':' .. epoch)) or now
  redis.call('HSET', keys[1], 'cut', reason)
  touch(keys, stream, epoch, math.min(untilMs, now), window, sessionTtl)
end
`;

/**
 * KEYS: session, open, tenant, revoked. ARGV: claim TTL, session TTL, most live streams, what becomes of a second publisher,
 * then stream, new session, tenant, key, edge, settings, window.
 * Answers the outcome; when claimed also session, epoch, start of the session, start of the epoch, resumed, replaced.
 */
export const CLAIM_SCRIPT = `
${PUBLICATION}
local stream = ARGV[5]
if redis.call('EXISTS', KEYS[4]) == 1 then
  return { 'key_revoked' }
end
local known = redis.call('HMGET', KEYS[1], 'epoch', 'session', 'started', 'window', 'ended')
local untilMs = 0
if known[1] and known[5] ~= '1' then
  untilMs = tonumber(redis.call('ZSCORE', KEYS[2], stream .. ':' .. known[1])) or 0
end
local replaced = untilMs > now
if replaced and ARGV[4] == 'refuse' then
  return { 'already_publishing' }
end
local resumed = replaced or (untilMs > 0 and untilMs + known[4] > now)
if not resumed then
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
  if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[3]) then
    return { 'quota' }
  end
end
local epoch = digits(math.max((tonumber(known[1]) or 0) + 1, now))
local session = resumed and known[2] or ARGV[6]
local started = resumed and known[3] or digits(now)
local claim = { stream, epoch, session, started, digits(now), ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11] }
open(KEYS, known[1], claim, ARGV[1], ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[2])
return { 'claimed', session, epoch, started, digits(now), resumed and 1 or 0, replaced and 1 or 0 }
`;

/**
 * KEYS: open, then for each claim session, tenant, revoked. ARGV: claim TTL, session TTL, then each claim's ten texts.
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
      touch(keys, claim[1], claim[2], now + ARGV[1], claim[10], ARGV[2])
      return ''
    end
  end
  if redis.call('EXISTS', revoked) == 1 then
    return 'key_revoked'
  end
  open(keys, known[1], claim, ARGV[1], ARGV[2])
  return ''
end
local answers = {}
for i = 1, (#KEYS - 1) / 3 do
  local claim = {}
  for j = 1, 10 do
    claim[j] = ARGV[2 + (i - 1) * 10 + j]
  end
  answers[i] = renew({ KEYS[3 * i - 1], KEYS[1], KEYS[3 * i] }, KEYS[3 * i + 1], claim)
end
return answers
`;

/** KEYS: session, open, tenant. ARGV: claim TTL, session TTL, then the claim's ten texts. */
export const RELEASE_CLAIM_SCRIPT = `
${PUBLICATION}
local claim = {}
for j = 1, 10 do
  claim[j] = ARGV[2 + j]
end
local known = redis.call('HMGET', KEYS[1], 'epoch', 'session', 'cut', 'ended')
local older = known[1] and tonumber(known[1]) < tonumber(claim[2])
local over = known[2] == claim[3] and known[4] == '1'
if not known[1] or (older and not over) then
  open(KEYS, known[1], claim, ARGV[1], ARGV[2])
  known = { claim[2], claim[3], '', '' }
end
if known[1] == claim[2] and known[3] == '' and known[4] == '' then
  cut(KEYS, claim[1], claim[2], 'released', claim[10], ARGV[2])
end
return 1
`;

/** KEYS: session, open, revoked. ARGV: claim TTL, session TTL, stream, key, what stands before a tenant's id in its key. */
export const REVOKE_CLAIMS_SCRIPT = `
${PUBLICATION}
redis.call('SET', KEYS[3], '', 'PX', ARGV[1])
local known = redis.call('HMGET', KEYS[1], 'epoch', 'key', 'cut', 'ended', 'window', 'tenant')
if known[2] == ARGV[4] and known[3] == '' and known[4] == '' then
  cut({ KEYS[1], KEYS[2], ARGV[5] .. known[6] }, ARGV[3], known[1], 'key_revoked', known[5], ARGV[2])
end
return 1
`;

/** KEYS: session, open. ARGV: session TTL, stream, session, what stands before a tenant's id. Answers 1 when it is ended. */
export const END_SESSION_SCRIPT = `
${SCRIPT_CLOCK}
local known = redis.call('HMGET', KEYS[1], 'epoch', 'session', 'ended', 'tenant')
if not known[1] then
  redis.call('HSET', KEYS[1], 'epoch', '0', 'session', ARGV[3], 'ended', '1')
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  return 1
end
if known[2] ~= ARGV[3] or known[3] == '1' then
  return 1
end
local member = ARGV[2] .. ':' .. known[1]
if (tonumber(redis.call('ZSCORE', KEYS[2], member)) or 0) > now then
  return 0
end
redis.call('ZREM', KEYS[2], member)
redis.call('ZREM', ARGV[4] .. known[4], ARGV[2])
redis.call('HSET', KEYS[1], 'ended', '1')
return 1
`;

/**
 * KEYS: open. ARGV: session TTL. Answers one text, which costs the client a tenth of an array: the time, then each member and
 * its score, with spaces between.
 */
export const READ_INDEX_SCRIPT = `
${SCRIPT_CLOCK}
local index = redis.call('ZRANGE', KEYS[1], now - ARGV[1], '+inf', 'BYSCORE', 'WITHSCORES')
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
