// Adds one sample to the series of a session: the same rules as memory/memory-health-series.ts.
import { SCRIPT_CLOCK } from './script-clock.ts';

/**
 * KEYS: the series, the tenant's index. ARGV: session, place in the ring, mark of the minute, sample, time to live, most series of a
 * tenant, longest text of a minute, what the key of a series begins with.
 */
export const ADD_HEALTH_SCRIPT = `
${SCRIPT_CLOCK}
local SERIES, INDEX = KEYS[1], KEYS[2]
local mark, ttl = ARGV[3], tonumber(ARGV[5])
local old = redis.call('HMGET', SERIES, ARGV[2])[1]
local text = mark
if old and string.sub(old, 1, #mark) == mark then
  text = old
end
text = text .. ARGV[4]
if #text <= tonumber(ARGV[7]) then
  redis.call('HSET', SERIES, ARGV[2], text)
end
redis.call('PEXPIRE', SERIES, ttl)
redis.call('ZADD', INDEX, now, ARGV[1])
redis.call('PEXPIRE', INDEX, ttl)
redis.call('ZREMRANGEBYSCORE', INDEX, 0, digits(now - ttl))
local excess = redis.call('ZCARD', INDEX) - tonumber(ARGV[6])
if excess > 0 then
  for _, session in ipairs(redis.call('ZRANGE', INDEX, 0, excess - 1)) do
    redis.call('PEXPIRE', ARGV[8] .. session, 0)
    redis.call('ZREM', INDEX, session)
  end
end
`;
