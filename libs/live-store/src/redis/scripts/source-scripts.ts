// Leases on sources in Lua: the same rules as memory/memory-sources.ts.
import { SCRIPT_CLOCK } from './script-clock.ts';

const READ_SOURCE = `
${SCRIPT_CLOCK}
local function read(key)
  local text = redis.call('GET', key)
  if not text then
    return nil
  end
  local token, untilMs, owner, state = string.match(text, '^(%d+) (%d+) (%S+) (.*)$')
  return token, tonumber(untilMs), owner, state
end
local function write(key, token, untilMs, owner, state, keepMs)
  redis.call('SET', key, token .. ' ' .. digits(untilMs) .. ' ' .. owner .. ' ' .. state, 'PX', keepMs)
end
`;

/** KEYS: the held ones, the source. ARGV: id, owner, TTL, how long the token is kept. Answers the token, or nothing when it is held. */
export const ACQUIRE_SOURCE_SCRIPT = `
${READ_SOURCE}
local token, untilMs = read(KEYS[2])
if token and untilMs > now then
  return false
end
token = digits(math.max((tonumber(token) or 0) + 1, now))
write(KEYS[2], token, now + ARGV[3], ARGV[2], '', ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, digits(now))
redis.call('ZADD', KEYS[1], digits(now + ARGV[3]), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return token
`;

/**
 * KEYS: the held ones, then each source. ARGV: TTL, how long tokens are kept, then id, owner, token and state of each. A lease that the
 * store has lost is put back. Answers for each 1 when it is held.
 */
export const RENEW_SOURCES_SCRIPT = `
${READ_SOURCE}
local answers = {}
for i = 2, #KEYS do
  local at = 3 + (i - 2) * 4
  local id, owner, token, state = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local known, untilMs = read(KEYS[i])
  local held = not known or (known == token and untilMs ~= 0)
  if held then
    write(KEYS[i], token, now + ARGV[1], owner, state, ARGV[2])
    redis.call('ZADD', KEYS[1], digits(now + ARGV[1]), id)
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
  end
  answers[i - 1] = held and 1 or 0
end
return answers
`;

/** KEYS: the held ones, the source. ARGV: id, token, how long it is kept. */
export const RELEASE_SOURCE_SCRIPT = `
${READ_SOURCE}
local token, _, owner = read(KEYS[2])
if token == ARGV[2] then
  write(KEYS[2], token, 0, owner, '', ARGV[3])
  redis.call('ZREM', KEYS[1], ARGV[1])
end
return 1
`;

/** KEYS: the held ones. */
export const HELD_SOURCES_SCRIPT = `
${SCRIPT_CLOCK}
return redis.call('ZRANGE', KEYS[1], '(' .. digits(now), '+inf', 'BYSCORE')
`;

/** KEYS: sources. Answers for each its owner and state, or two times nothing. */
export const READ_SOURCES_SCRIPT = `
${READ_SOURCE}
local answers = {}
for i, key in ipairs(KEYS) do
  local token, untilMs, owner, state = read(key)
  local held = token and untilMs > now
  answers[2 * i - 1] = held and owner or false
  answers[2 * i] = held and state or false
end
return answers
`;
