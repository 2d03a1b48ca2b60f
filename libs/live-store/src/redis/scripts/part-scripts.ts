// Commits of parts in Lua: the same rules as memory/memory-windows.ts.
import { FENCE_COMMIT } from './lease-scripts.ts';

/**
 * Parts of the segment that is not whole yet. The bytes were sent just before, as for a commit of segments.
 *
 * KEYS: as of a commit of segments.
 * ARGV: 1 token, 2 expected head, 3 step before, 4 step after, 5 TTL of the files, 6 what gateways read of renditions, 7 the list
 * behind them, 8 names of the files with spaces between, 9 time of the update, 10 channel, 11 stream, 12 what follows a file's key in
 * the key of its content type, then the content type of each file.
 */
export const COMMIT_PARTS_SCRIPT = `
${FENCE_COMMIT}
local head = redis.call('HGET', KEYS[2], 'sequence')
local old = redis.call('HMGET', KEYS[3], 'step', 'names')
if head ~= ARGV[2] or not old[1] or old[1] == '' then
  return leave('out_of_step', head)
end
if old[1] == ARGV[4] then
  return leave('committed')
end
if old[1] ~= ARGV[3] then
  return leave('out_of_step', head)
end
for i = 4, #KEYS, 2 do
  if redis.call('EXISTS', KEYS[i]) == 0 then
    return leave('incomplete')
  end
end
for i = 4, #KEYS, 2 do
  redis.call('RENAME', KEYS[i], KEYS[i + 1])
  redis.call('PEXPIRE', KEYS[i + 1], ARGV[5])
  redis.call('SET', KEYS[i + 1] .. ARGV[12], ARGV[11 + i / 2], 'PX', ARGV[5])
end
redis.call('HSET', KEYS[3], 'names', (old[2] or '') .. ' ' .. ARGV[8], 'renditions', ARGV[6], 'window', ARGV[7],
  'step', ARGV[4], 'updated', ARGV[9])
redis.call('PUBLISH', ARGV[10], ARGV[11])
return { 'committed' }
`;
