// Streams that viewers want in Lua: the same rules as memory/memory-demand.ts.
import { SCRIPT_CLOCK } from './script-clock.ts';

/** KEYS: those wanted. ARGV: TTL, then streams. What lasts longer already stays so. */
export const NOTE_DEMAND_SCRIPT = `
${SCRIPT_CLOCK}
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, digits(now))
for i = 2, #ARGV do
  redis.call('ZADD', KEYS[1], 'GT', digits(now + ARGV[1]), ARGV[i])
end
local last = redis.call('ZRANGE', KEYS[1], 0, 0, 'REV', 'WITHSCORES')
if last[2] then
  redis.call('PEXPIREAT', KEYS[1], last[2])
end
return 1
`;

/** KEYS: those wanted. */
export const LIST_DEMAND_SCRIPT = `
${SCRIPT_CLOCK}
return redis.call('ZRANGE', KEYS[1], '(' .. digits(now), '+inf', 'BYSCORE')
`;
