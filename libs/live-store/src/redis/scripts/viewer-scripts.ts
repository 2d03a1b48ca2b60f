// Viewers in Lua: the same rules as memory/memory-viewers.ts.
import { SCRIPT_CLOCK } from './script-clock.ts';

/** KEYS: viewers of a playback id. ARGV: TTL, most viewers, how many have left, the names of these, then those that were seen. */
export const NOTE_VIEWERS_SCRIPT = `
${SCRIPT_CLOCK}
local key, ttl, most, left = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
for i = 4, 3 + left do
  redis.call('ZREM', key, ARGV[i])
end
redis.call('ZREMRANGEBYSCORE', key, '-inf', digits(now - ttl))
local count = redis.call('ZCARD', key)
for i = 4 + left, #ARGV do
  if count < most or redis.call('ZSCORE', key, ARGV[i]) then
    count = count + redis.call('ZADD', key, digits(now), ARGV[i])
  end
end
redis.call('PEXPIRE', key, ttl)
return 1
`;

/** KEYS: viewers of a group. ARGV: TTL, most viewers, name. Answers 0 when it is full, 1 for who is counted already, 2 for a new one. */
export const ADMIT_VIEWER_SCRIPT = `
${SCRIPT_CLOCK}
local key, ttl, most, name = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
redis.call('ZREMRANGEBYSCORE', key, '-inf', digits(now - ttl))
local known = redis.call('ZSCORE', key, name)
if not known and redis.call('ZCARD', key) >= most then
  return 0
end
redis.call('ZADD', key, digits(now), name)
redis.call('PEXPIRE', key, ttl)
return known and 1 or 2
`;

/** KEYS: viewers of a playback id. ARGV: TTL. Answers how many were seen in that time. */
export const COUNT_VIEWERS_SCRIPT = `
${SCRIPT_CLOCK}
return redis.call('ZCOUNT', KEYS[1], '(' .. digits(now - tonumber(ARGV[1])), '+inf')
`;
