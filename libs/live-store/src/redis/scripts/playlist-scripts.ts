// Commits and playlists in Lua: the same rules as memory/memory-windows.ts.
import { FENCE_COMMIT } from './lease-scripts.ts';

/**
 * The bytes were sent just before, each under a key of its own that no reader knows; this one step puts them in their place
 * with everything else. (As arguments of the script they would be copied twice more and cost the server five times the time.)
 *
 * KEYS: lease, head, playlist, then for each new segment where its bytes wait and where they belong.
 * ARGV: 1 token, 2 expected head (empty: rebuild), 3 new head, 4 TTL of what is listed, 5 retention, 6 TTL of the head, 7 ended
 * (1 or 0), 8 text, 9 listed names with spaces between, 10 the list, 11 the head's record, 12 time of the update, 13 what stands
 * before a segment's name in its key, 14 channel, 15 stream, 16 what follows a segment's key in the key of its content type, 17 what
 * gateways read of renditions, 18 the list behind them, 19 their step (all three empty for standard latency), then the content type
 * of each new segment.
 * Answers the outcome and, when out of step, the store's head. Nothing is written before all is decided.
 */
export const COMMIT_SCRIPT = `
${FENCE_COMMIT}
local head = redis.call('HMGET', KEYS[2], 'sequence', 'token')
local old = redis.call('HMGET', KEYS[3], 'names', 'text')
if ARGV[2] == '' then
  if head[1] and tonumber(head[1]) > tonumber(ARGV[3]) then
    return leave('out_of_step', head[1])
  end
elseif head[1] ~= ARGV[2] then
  if head[1] == ARGV[3] and head[2] == token and old[2] == ARGV[8] then
    return leave('committed')
  end
  return leave('out_of_step', head[1])
end
for i = 4, #KEYS, 2 do
  if redis.call('EXISTS', KEYS[i]) == 0 then
    return leave('incomplete')
  end
end

local ended = ARGV[7] == '1'
local ttl = ended and ARGV[5] or ARGV[4]
local listed = {}
for name in string.gmatch(ARGV[9], '%S+') do
  listed[name] = true
  if ended then
    redis.call('PEXPIRE', ARGV[13] .. name, ttl, 'LT')
    redis.call('PEXPIRE', ARGV[13] .. name .. ARGV[16], ttl, 'LT')
  end
end
for name in string.gmatch(old[1] or '', '%S+') do
  if not listed[name] then
    redis.call('PEXPIRE', ARGV[13] .. name, ARGV[5], 'LT')
    redis.call('PEXPIRE', ARGV[13] .. name .. ARGV[16], ARGV[5], 'LT')
  end
end
for i = 4, #KEYS, 2 do
  local name = string.sub(KEYS[i + 1], #ARGV[13] + 1)
  local kept = listed[name] and ttl or ARGV[5]
  redis.call('RENAME', KEYS[i], KEYS[i + 1])
  redis.call('PEXPIRE', KEYS[i + 1], kept)
  redis.call('SET', KEYS[i + 1] .. ARGV[16], ARGV[18 + i / 2], 'PX', kept)
end
redis.call('HSET', KEYS[3], 'text', ARGV[8], 'ended', ARGV[7], 'sequence', ARGV[3], 'updated', ARGV[12],
  'names', ARGV[9], 'list', ARGV[10], 'renditions', ARGV[17], 'window', ARGV[18], 'step', ARGV[19])
redis.call('PEXPIRE', KEYS[3], ttl)
redis.call('HSET', KEYS[2], 'sequence', ARGV[3], 'token', token, 'record', ARGV[11])
redis.call('PEXPIRE', KEYS[2], ARGV[6])
redis.call('PUBLISH', ARGV[14], ARGV[15])
return { 'committed' }
`;
