// Seats in Lua: taken, kept, given up.
import { PRESENCE_PRELUDE } from './scripts-prelude.ts';

/**
 * Own ARGV: participant, tenant, room, hashed identity or secret or nothing, pod, hash of the resume key, profile, facts, version,
 * most participants of the room, whether it is locked, most rooms and participants of the tenant, the version of the bans, then the
 * keys of bans that would keep it out.
 * Says the outcome; when joined also whether the room was opened, and its facts. Reads the other participants.
 */
export const JOIN_SCRIPT = `
${PRESENCE_PRELUDE}
local id, tenant, room, identity = arg(1), arg(2), arg(3), arg(4)
local key = P .. 'room:' .. room
local known = redis.call('HMGET', key, 'tenant', 'version', 'facts')
local facts, most, locked = arg(8), tonumber(arg(10)), arg(11)
if known[2] and tonumber(known[2]) >= tonumber(arg(9)) then
  facts = known[3]
  local decoded = cjson.decode(facts)
  most, locked = decoded.maxParticipants, decoded.locked and '1' or '0'
end
local replaced = identity ~= '' and redis.call('HGET', P .. 'identities:' .. room, identity)
local freed = replaced and 1 or 0
if known[1] and known[1] ~= tenant then
  return answer({ 'room_not_found' })
end
if redis.call('EXISTS', P .. 'ended:' .. room) == 1 then
  return answer({ 'room_ended' })
end
for i = 15, #ARGV - 8 do
  local version = redis.call('HGET', bans(room), arg(i))
  if version and tonumber(version) > tonumber(arg(14)) then
    return answer({ 'banned' })
  end
end
if locked == '1' and freed == 0 then
  return answer({ 'room_locked' })
end
if redis.call('SCARD', members(room)) - freed >= most then
  return answer({ 'room_full' })
end
if not known[1] and redis.call('SCARD', P .. 'rooms:' .. tenant) >= tonumber(arg(12)) then
  return answer({ 'too_many_rooms' })
end
if redis.call('SCARD', P .. 'people:' .. tenant) - freed >= tonumber(arg(13)) then
  return answer({ 'too_many_participants' })
end
change_room(room, arg(9), arg(8))
if replaced then
  remove(replaced, 'replaced')
end
if not known[1] then
  redis.call('HSET', key, 'tenant', tenant, 'version', arg(9), 'facts', facts, 'opened', digits(now))
  redis.call('SADD', P .. 'rooms:' .. tenant, room)
end
redis.call('ZREM', CLOSING, room)
tell(room, id, about('joined', 'connected', arg(7)))
local others = everybody(room, id)
redis.call('HSET', par(id), 'room', room, 'tenant', tenant, 'identity', identity, 'pod', arg(5), 'key', arg(6),
  'profile', arg(7), 'state', 'connected', 'term', '1', 'seq', '0', 'bytes', '0')
redis.call('SADD', members(room), id)
redis.call('SADD', P .. 'people:' .. tenant, id)
if identity ~= '' then
  redis.call('HSET', P .. 'identities:' .. room, identity, id)
end
redis.call('ZADD', DUE, now + LEASE, id)
return answer({ 'joined', known[1] and 0 or 1, facts }, others)
`;

/**
 * Own ARGV: participant, hash of the resume key, pod, last sequence.
 * Says the outcome and why it is gone, or when resumed the term, the pod before, profile, facts, and how many of what it read
 * are missed messages; the others follow them.
 */
export const RESUME_SCRIPT = `
${PRESENCE_PRELUDE}
local id = arg(1)
local known = redis.call('HMGET', par(id), 'key', 'room', 'pod', 'profile')
if not known[1] then
  local reason, key = string.match(redis.call('GET', P .. 'gone:' .. id) or '', '^(%S+) (.*)$')
  if reason and key == arg(2) then
    return answer({ 'gone', reason })
  end
  return answer({ 'unknown' })
end
if known[1] ~= arg(2) then
  return answer({ 'unknown' })
end
local read = after(id, arg(4))
if not read then
  remove(id, 'lost')
  return answer({ 'too_late' })
end
local missed = #read
local term = redis.call('HINCRBY', par(id), 'term', 1)
set_state(id, 'connected', arg(3))
for _, text in ipairs(everybody(known[2], id)) do
  read[#read + 1] = text
end
local facts = redis.call('HGET', P .. 'room:' .. known[2], 'facts')
return answer({ 'resumed', term, known[3], known[4], facts, missed }, read)
`;

/** Own ARGV: participant, term. */
export const DETACH_SCRIPT = `
${PRESENCE_PRELUDE}
if held(arg(1), arg(2)) then
  set_state(arg(1), 'reconnecting', '')
end
return answer({})
`;

/** Own ARGV: participant, term. */
export const LEAVE_SCRIPT = `
${PRESENCE_PRELUDE}
if held(arg(1), arg(2)) then
  remove(arg(1), 'left')
end
return answer({})
`;

/** Own ARGV: room, participant, and of a ban its key or nothing, and its version. */
export const REMOVE_SCRIPT = `
${PRESENCE_PRELUDE}
if arg(3) ~= '' then
  redis.call('HSET', bans(arg(1)), arg(3), arg(4))
  redis.call('PEXPIRE', bans(arg(1)), REMEMBER)
end
if redis.call('SISMEMBER', members(arg(1)), arg(2)) == 1 then
  remove(arg(2), 'removed')
end
return answer({})
`;

/** Own ARGV: pod, then for each seat participant, term, what has arrived. Says for each its newest number, or why it is not held. */
export const RENEW_SCRIPT = `
${PRESENCE_PRELUDE}
local said = {}
for i = 2, #ARGV - 8, 3 do
  local id, term, arrived = arg(i), arg(i + 1), tonumber(arg(i + 2))
  local known = redis.call('HMGET', par(id), 'term', 'seq', 'state', 'pod')
  if not known[1] then
    said[#said + 1] = string.match(redis.call('GET', P .. 'gone:' .. id) or 'unknown', '^%S+')
  elseif known[1] ~= term then
    said[#said + 1] = 'moved'
  else
    if known[3] == 'connected' and known[4] == arg(1) then
      redis.call('ZADD', DUE, now + LEASE, id)
    else
      set_state(id, 'connected', arg(1))
    end
    local sequence = tonumber(known[2])
    if arrived > 0 then
      local length = redis.call('LLEN', box(id))
      while length > 0 and sequence - length + 1 <= arrived do
        redis.call('HINCRBY', par(id), 'bytes', -#redis.call('LPOP', box(id)))
        length = length - 1
      end
    end
    said[#said + 1] = sequence
  end
end
return answer(said)
`;
