// Leases in Lua: the same rules as memory/memory-leases.ts.
import { SCRIPT_CLOCK } from './script-clock.ts';

/** Lua: `read` takes a lease's text apart: its token, until when it is held (0: released) and its owner, or nothing. */
export const READ_LEASE = `
local function read(key)
  local text = redis.call('GET', key)
  if text then
    return string.match(text, '^(%d+) (%d+) (.*)$')
  end
end
`;

/**
 * Lua: how each commit begins. It ends here unless the lease (the first key) is held with the token (the first argument). `leave` ends it with
 * an answer, and drops the bytes that were sent just before it: every second key from the fourth on.
 */
export const FENCE_COMMIT = `
${READ_LEASE}
local function leave(...)
  for i = 4, #KEYS, 2 do
    redis.call('UNLINK', KEYS[i])
  end
  return { ... }
end
local token, untilMs = read(KEYS[1])
if token ~= ARGV[1] or untilMs == '0' then
  return leave('stale_lease')
end
`;

/** KEYS: lease. ARGV: owner, TTL, how long the token is kept. Answers the token, or nothing when the lease is held. */
export const ACQUIRE_LEASE_SCRIPT = `
${SCRIPT_CLOCK}
${READ_LEASE}
local token, untilMs = read(KEYS[1])
if token and tonumber(untilMs) > now then
  return false
end
token = digits(math.max((tonumber(token) or 0) + 1, now))
redis.call('SET', KEYS[1], token .. ' ' .. digits(now + ARGV[2]) .. ' ' .. ARGV[1], 'PX', ARGV[3])
return token
`;

/** KEYS: leases. ARGV: TTL, how long tokens are kept, then each token. Answers for each 1 when it is held. */
export const RENEW_LEASES_SCRIPT = `
${SCRIPT_CLOCK}
${READ_LEASE}
local answers = {}
for i, key in ipairs(KEYS) do
  local token, untilMs, owner = read(key)
  local held = token == ARGV[2 + i] and untilMs ~= '0'
  if held then
    redis.call('SET', key, token .. ' ' .. digits(now + ARGV[1]) .. ' ' .. owner, 'PX', ARGV[2])
  end
  answers[i] = held and 1 or 0
end
return answers
`;

/** KEYS: lease. ARGV: token, how long it is kept. */
export const RELEASE_LEASE_SCRIPT = `
${READ_LEASE}
local token, _, owner = read(KEYS[1])
if token == ARGV[1] then
  redis.call('SET', KEYS[1], token .. ' 0 ' .. owner, 'PX', ARGV[2])
end
return 1
`;
