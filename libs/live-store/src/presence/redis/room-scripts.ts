// Rooms and mailboxes in Lua: what is said, what changes, what is over.
import { PRESENCE_PRELUDE } from './scripts-prelude.ts';

/** Own ARGV: participant, term, profile. Says the outcome. */
export const UPDATE_SCRIPT = `
${PRESENCE_PRELUDE}
local id = arg(1)
if not held(id, arg(2)) then
  return answer({ 'gone' })
end
redis.call('HSET', par(id), 'profile', arg(3))
local known = redis.call('HMGET', par(id), 'room', 'state')
tell(known[1], id, about('updated', known[2], arg(3)))
return answer({ 'posted' })
`;

/** Own ARGV: participant, term, recipient or nothing, news. Says the outcome. */
export const POST_SCRIPT = `
${PRESENCE_PRELUDE}
local id, to = arg(1), arg(3)
if not held(id, arg(2)) then
  return answer({ 'gone' })
end
local room = redis.call('HGET', par(id), 'room')
if to == '' then
  tell(room, id, arg(4))
elseif to ~= id and redis.call('SISMEMBER', members(room), to) == 1 then
  news[1] = arg(4)
  put(to, 1)
else
  return answer({ 'unknown_participant' })
end
return answer({ 'posted' })
`;

/** Own ARGV: participant, after which number. Says whether the mailbox reaches back that far. Reads it. */
export const READ_MAILBOX_SCRIPT = `
${PRESENCE_PRELUDE}
if redis.call('EXISTS', par(arg(1))) == 0 then
  return answer({ 1 })
end
local found = after(arg(1), arg(2))
return answer({ found and 1 or 0 }, found)
`;

/** Own ARGV: most that is looked at. Reads tenant and room of each that closed. */
export const SWEEP_SCRIPT = `
${PRESENCE_PRELUDE}
local seen = tonumber(redis.call('GET', P .. 'swept')) or now
redis.call('SET', P .. 'swept', digits(now), 'PX', REMEMBER)
if now - seen > OUTAGE then
  for _, id in ipairs(redis.call('ZRANGE', DUE, 0, -1)) do
    redis.call('ZINCRBY', DUE, now - seen, id)
  end
end
for _, id in ipairs(redis.call('ZRANGE', DUE, '-inf', now, 'BYSCORE', 'LIMIT', 0, arg(1))) do
  if redis.call('HGET', par(id), 'state') == 'connected' then
    set_state(id, 'reconnecting', '')
  else
    remove(id, 'lost')
  end
end
local closed = {}
for _, room in ipairs(redis.call('ZRANGE', CLOSING, '-inf', now, 'BYSCORE', 'LIMIT', 0, arg(1))) do
  local n = #closed
  closed[n + 1], closed[n + 2] = close(room), room
end
return answer({}, closed)
`;

/** Own ARGV: room, version, facts. */
export const CHANGE_ROOM_SCRIPT = `
${PRESENCE_PRELUDE}
change_room(arg(1), arg(2), arg(3))
return answer({})
`;

/** Own ARGV: tenant, room. Reads tenant and room when it was open. Mailboxes are not written: their readers are out as well. */
export const END_ROOM_SCRIPT = `
${PRESENCE_PRELUDE}
local tenant, room = arg(1), arg(2)
redis.call('SET', P .. 'ended:' .. room, '', 'PX', REMEMBER)
if redis.call('HGET', P .. 'room:' .. room, 'tenant') ~= tenant then
  return answer({})
end
for _, id in ipairs(redis.call('SMEMBERS', members(room))) do
  remove(id, 'room_ended')
end
news, refs = {}, {}
return answer({}, { close(room), room })
`;

/** Own ARGV: room. Reads state and profile of all participants. */
export const PARTICIPANTS_SCRIPT = `
${PRESENCE_PRELUDE}
return answer({}, everybody(arg(1), ''))
`;

/** Own ARGV: rooms. Says of each tenant, when it was opened, and how many are in it; three times nothing when it is not open. */
export const OPEN_ROOMS_SCRIPT = `
${PRESENCE_PRELUDE}
local said = {}
for i = 1, #ARGV - 8 do
  local known = redis.call('HMGET', P .. 'room:' .. arg(i), 'tenant', 'opened')
  local n = #said
  said[n + 1], said[n + 2], said[n + 3] = known[1] or '', known[2] or '', redis.call('SCARD', members(arg(i)))
end
return answer(said)
`;
