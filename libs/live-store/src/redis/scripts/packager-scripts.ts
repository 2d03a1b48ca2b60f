// Live packagers in Lua: the same rules as memory/memory-packagers.ts.
import { SCRIPT_CLOCK } from './script-clock.ts';

/** KEYS: packagers. ARGV: TTL, then a member for each. What was said before of the same instance goes. */
export const ANNOUNCE_PACKAGERS_SCRIPT = `
${SCRIPT_CLOCK}
local function instance(member)
  return string.match(member, ' (.*)$')
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, digits(now))
local known = redis.call('ZRANGE', KEYS[1], 0, -1)
for i = 2, #ARGV do
  for _, member in ipairs(known) do
    if member ~= ARGV[i] and instance(member) == instance(ARGV[i]) then
      redis.call('ZREM', KEYS[1], member)
    end
  end
  redis.call('ZADD', KEYS[1], digits(now + ARGV[1]), ARGV[i])
end
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('PEXPIREAT', KEYS[1], last[2])
return 1
`;

/** KEYS: packagers. Answers the members. */
export const READ_PACKAGERS_SCRIPT = `
${SCRIPT_CLOCK}
return redis.call('ZRANGE', KEYS[1], '(' .. digits(now), '+inf', 'BYSCORE')
`;
