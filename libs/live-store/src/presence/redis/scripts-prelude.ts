// What every script of presence begins with: the same rules as memory/memory-rooms.ts.
import { SCRIPT_CLOCK } from '../../redis/scripts/script-clock.ts';

/**
 * ARGV: key prefix, lease, resume window, how long an empty room stays open, how long what is over is remembered, most messages
 * and bytes of a mailbox, longest pause between two sweeps; the script's own come after these eight.
 *
 * Keys: `due` and `closing` are sorted sets by time; `room:<id>`, `par:<id>` hashes; `members:<room>`, `rooms:<tenant>`,
 * `people:<tenant>` sets; `identities:<room>` a hash of hashed identities and secrets, `bans:<room>` one of bans of the last while; `box:<participant>` a list whose last entry has the
 * number `seq` of the participant; `gone:<participant>` and `ended:<room>` are remembered for a while.
 *
 * Every script answers five lists: what it has to say, who is out, the news, their recipients (participant, pod, number, index of
 * the news, each time), and what else it read.
 */
export const PRESENCE_PRELUDE = `
${SCRIPT_CLOCK}
local P = ARGV[1]
local LEASE, WINDOW, EMPTY, REMEMBER = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local MOST, BYTES, OUTAGE = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local DUE, CLOSING = P .. 'due', P .. 'closing'
local gone, news, refs = {}, {}, {}
local function arg(i)
  return ARGV[8 + i]
end
local function par(id)
  return P .. 'par:' .. id
end
local function box(id)
  return P .. 'box:' .. id
end
local function members(room)
  return P .. 'members:' .. room
end
local function bans(room)
  return P .. 'bans:' .. room
end
local function answer(said, read)
  return { said, gone, news, refs, read or {} }
end
local function put(id, index)
  local text = news[index]
  local sequence = redis.call('HINCRBY', par(id), 'seq', 1)
  local length = redis.call('RPUSH', box(id), text)
  local bytes = redis.call('HINCRBY', par(id), 'bytes', #text)
  while length > MOST or bytes > BYTES do
    bytes = redis.call('HINCRBY', par(id), 'bytes', -#redis.call('LPOP', box(id)))
    length = length - 1
  end
  local pod = redis.call('HGET', par(id), 'pod')
  if pod ~= '' then
    local n = #refs
    refs[n + 1], refs[n + 2], refs[n + 3], refs[n + 4] = id, pod, sequence, index
  end
end
local function tell(room, except, text)
  news[#news + 1] = text
  local index = #news
  for _, id in ipairs(redis.call('SMEMBERS', members(room))) do
    if id ~= except then
      put(id, index)
    end
  end
end
local function about(kind, state, profile)
  return '{"kind":"' .. kind .. '","state":"' .. state .. '","profile":' .. profile .. '}'
end
local function set_state(id, state, pod)
  local known = redis.call('HMGET', par(id), 'state', 'room', 'profile')
  redis.call('HSET', par(id), 'state', state, 'pod', pod)
  redis.call('ZADD', DUE, now + (state == 'connected' and LEASE or WINDOW), id)
  if known[1] ~= state then
    tell(known[2], id, about('updated', state, known[3]))
  end
end
local function remove(id, reason)
  local known = redis.call('HMGET', par(id), 'room', 'tenant', 'identity', 'profile', 'pod', 'key')
  local room = known[1]
  redis.call('DEL', par(id), box(id))
  redis.call('ZREM', DUE, id)
  redis.call('SREM', members(room), id)
  redis.call('SREM', P .. 'people:' .. known[2], id)
  if known[3] ~= '' then
    redis.call('HDEL', P .. 'identities:' .. room, known[3])
  end
  redis.call('SET', P .. 'gone:' .. id, reason .. ' ' .. known[6], 'PX', REMEMBER)
  local n = #gone
  gone[n + 1], gone[n + 2], gone[n + 3] = known[4], known[5], reason
  tell(room, id, '{"kind":"left","participantId":"' .. id .. '","reason":"' .. reason .. '"}')
  if redis.call('SCARD', members(room)) == 0 then
    redis.call('ZADD', CLOSING, now + EMPTY, room)
  end
end
local function close(room)
  local tenant = redis.call('HGET', P .. 'room:' .. room, 'tenant')
  redis.call('DEL', P .. 'room:' .. room, members(room), P .. 'identities:' .. room)
  redis.call('ZREM', CLOSING, room)
  redis.call('SREM', P .. 'rooms:' .. tenant, room)
  return tenant
end
local function change_room(room, version, facts)
  local key = P .. 'room:' .. room
  local known = redis.call('HGET', key, 'version')
  if known and tonumber(known) < tonumber(version) then
    redis.call('HSET', key, 'version', version, 'facts', facts)
    tell(room, '', '{"kind":"room","room":' .. facts .. '}')
  end
end
local function held(id, term)
  return redis.call('HGET', par(id), 'term') == term
end
local function everybody(room, except)
  local found = {}
  for _, id in ipairs(redis.call('SMEMBERS', members(room))) do
    if id ~= except then
      local known = redis.call('HMGET', par(id), 'state', 'profile')
      local n = #found
      found[n + 1], found[n + 2] = known[1], known[2]
    end
  end
  return found
end
local function after(id, last)
  local sequence = tonumber(redis.call('HGET', par(id), 'seq'))
  local first = sequence - redis.call('LLEN', box(id)) + 1
  last = tonumber(last)
  if last < first - 1 or last > sequence then
    return nil
  end
  return redis.call('LRANGE', box(id), last - first + 1, -1)
end
`;
