import { beforeEach, describe, expect, it } from 'vitest';
import type { DirectMessage } from '../messages.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { FakeServer, joined, participant, room } from '../testing/fake-server.ts';
import { PONG_TIMEOUT_MS } from './keep-alive.ts';
import { HANDSHAKE_TIMEOUT_MS, RECONNECT_TIMES, SignalingSession } from './signaling-session.ts';

const muted = { audio: false, video: true, screen: true };
const resumed: DirectMessage = { type: 'resumed', participant: participant('me'), participants: [], room };
const chat = (sequence: number) =>
  ({ type: 'chat', sequence, from: 'p', text: String(sequence), private: false, sent_at: '' }) as const;

let clock: FakeClock;
let server: FakeServer;
let session: SignalingSession;
let log: string[];

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeServer();
  log = [];
  session = new SignalingSession({
    url: 'ws://rooms',
    token: 'let me in',
    rejoinSecret: 'a secret',
    self: () => ({ name: 'Ada', muted }),
    clock,
    random: () => 1,
    openSocket: server.openSocket,
  });
  session.events.on('joined', () => log.push('joined'));
  session.events.on('resumed', () => log.push('resumed'));
  session.events.on('event', (event) => log.push(`${event.type} ${event.sequence}`));
  session.events.on('away', ({ attempt, retryInMs }) => log.push(`away ${attempt} ${retryInMs}`));
  session.events.on('refused', ({ code }) => log.push(`refused ${code}`));
  session.events.on('ended', (ending) => log.push(`ended ${ending.kind === 'left' ? ending.reason : ending.code}`));
});

function join(): void {
  session.start();
  server.current.accept();
  server.current.say(joined());
}

describe('joining', () => {
  it('says who it is, and is in', () => {
    join();
    expect(server.current.received).toEqual([
      { type: 'join', version: 1, token: 'let me in', rejoin_secret: 'a secret', name: 'Ada', muted },
    ]);
    expect([log, session.online]).toEqual([['joined'], true]);
  });

  it.each(['room_full', 'token_expired', 'something_new'])('ends when it is refused with %s', (code) => {
    session.start();
    server.current.accept();
    server.current.say({ type: 'error', code, detail: '' });
    expect([log, server.current.closedByClient]).toEqual([[`ended ${code}`], true]);
    clock.advance(600_000);
    expect([server.connections.length, clock.waiting]).toEqual([1, 0]);
  });

  it.each(['unavailable', 'draining'])('tries again when it is refused with %s', (code) => {
    session.start();
    server.current.accept();
    server.current.say({ type: 'error', code, detail: '' });
    clock.advance(RECONNECT_TIMES.firstMs);
    expect(server.connections).toHaveLength(2);
  });

  it('goes on trying while no server answers, with growing pauses', () => {
    session.start();
    server.current.drop();
    for (let i = 0; i < 4; i++) {
      clock.advance(RECONNECT_TIMES.longestMs);
      server.current.drop();
    }
    expect(log).toEqual(['away 1 400', 'away 2 800', 'away 3 1600', 'away 4 3200', 'away 5 6400']);
  });

  it('gives up a socket on which nothing comes', () => {
    session.start();
    server.current.accept();
    clock.advance(HANDSHAKE_TIMEOUT_MS);
    expect([log, server.current.closedByClient]).toEqual([['away 1 400'], true]);
  });
});

describe('a dropped socket', () => {
  it('resumes after the last event it saw, and passes over what is told twice', () => {
    join();
    server.current.say(chat(1));
    server.current.say(chat(2));
    server.current.drop();
    expect(session.online).toBe(false);
    clock.advance(400);
    server.current.accept();
    expect(server.current.last).toEqual({ type: 'resume', version: 1, resume_token: 'again', last_sequence: 2 });
    server.current.say(resumed);
    server.current.say(chat(2));
    server.current.say(chat(3));
    expect(log).toEqual(['joined', 'chat 1', 'chat 2', 'away 1 400', 'resumed', 'chat 3']);
  });

  it('says then what was said meanwhile, and what the old socket may have swallowed', () => {
    join();
    session.send({ type: 'chat', text: 'arrived' });
    session.send({ type: 'chat', text: 'refused' });
    session.send({ type: 'chat', text: 'too fast' });
    session.send({ type: 'chat', text: 'swallowed' });
    server.current.say({ type: 'accepted', reply_to: 'm1' });
    server.current.say({ type: 'error', reply_to: 'm2', code: 'not_permitted', detail: '' });
    server.current.say({ type: 'error', reply_to: 'm3', code: 'rate_limited', detail: '' });
    server.current.drop();
    session.send({ type: 'chat', text: 'later' });
    clock.advance(400);
    server.current.accept();
    server.current.say(resumed);
    expect(server.current.received.slice(1)).toMatchObject([
      { text: 'too fast' },
      { text: 'swallowed' },
      { text: 'later' },
    ]);
  });

  it('joins anew where the resume is refused, and counts from the beginning', () => {
    join();
    server.current.say(chat(7));
    server.current.drop();
    session.send({ type: 'end_of_candidates', to: 'p' });
    session.send({ type: 'chat', text: 'hello' });
    clock.advance(400);
    server.current.accept();
    server.current.say({ type: 'error', code: 'resume_refused', detail: '' });
    server.current.accept();
    server.current.say(joined({ resume_token: 'other' }));
    server.current.say(chat(1));
    expect(server.current.types()).toEqual(['join', 'chat']);
    expect(log).toEqual(['joined', 'chat 7', 'away 1 400', 'joined', 'chat 1']);
  });

  it('joins anew with the freshest token, and the same secret', () => {
    join();
    server.current.say({ type: 'token', token: 'fresh', expires_at: '2026-01-01T00:05:15.000Z' });
    server.current.drop();
    clock.advance(400);
    server.current.accept();
    server.current.say({ type: 'error', code: 'resume_unknown', detail: '' });
    server.current.accept();
    expect(server.current.last).toMatchObject({ type: 'join', token: 'fresh', rejoin_secret: 'a secret' });
  });

  it('does not listen to a socket that it has given up', () => {
    join();
    const old = server.current;
    old.say({ type: 'go_away', reason: 'draining' });
    old.say(chat(1));
    old.drop();
    clock.advance(1_000);
    server.current.accept();
    server.current.say(resumed);
    expect(log).toEqual(['joined', 'away 0 1000', 'resumed']);
  });

  it('is noticed without a word from it', () => {
    join();
    clock.advance(20_000);
    expect(server.current.last).toEqual({ type: 'ping', last_sequence: 0 });
    server.current.say({ type: 'pong' });
    clock.advance(20_000 + PONG_TIMEOUT_MS);
    expect(log).toEqual(['joined', 'away 1 400']);
  });

  it('is tried again at once when the network comes back', () => {
    join();
    server.current.drop();
    session.wake();
    expect(server.connections).toHaveLength(2);
    server.current.accept();
    server.current.say(resumed);
    session.wake();
    expect(server.current.last).toEqual({ type: 'ping', last_sequence: 0 });
  });
});

describe('requests', () => {
  it('are answered by number', async () => {
    join();
    const answer = session.request({ type: 'ice_servers' });
    expect(server.current.last).toEqual({ type: 'ice_servers', id: 'r1' });
    server.current.say({ type: 'ice_servers', reply_to: 'r1', ice_servers: [], ice_expires_at: 'x' });
    await expect(answer).resolves.toMatchObject({ ice_expires_at: 'x' });
  });

  it('fail by an error, a lost socket, silence, or when there is no socket', async () => {
    join();
    const [refused, lost] = [session.request({ type: 'ice_servers' }), session.request({ type: 'ice_servers' })];
    server.current.say({ type: 'error', reply_to: 'r1', code: 'rate_limited', detail: '' });
    server.current.drop();
    await expect(refused).rejects.toMatchObject({ code: 'rate_limited' });
    await expect(lost).rejects.toMatchObject({ code: 'unavailable' });
    await expect(session.request({ type: 'ice_servers' })).rejects.toMatchObject({ code: 'unavailable' });
    expect(log).toEqual(['joined', 'away 1 400']);
  });

  it('reports refusals that no request waits for', () => {
    join();
    server.current.say({ type: 'error', code: 'bad_message', detail: '' });
    expect(log).toEqual(['joined', 'refused bad_message']);
    expect(session.online).toBe(true);
  });
});

describe('the end', () => {
  it('is said, once, and nothing comes after it', () => {
    join();
    session.leave();
    session.leave();
    session.send({ type: 'chat', text: 'x' });
    expect(server.current.types()).toEqual(['join', 'leave']);
    clock.advance(600_000);
    expect([log, server.connections.length, clock.waiting]).toEqual([['joined', 'ended left'], 1, 0]);
  });

  it.each(['removed', 'room_ended', 'replaced'] as const)('comes from the server: %s', (reason) => {
    join();
    server.current.say({ type: 'left', reason });
    server.current.drop();
    clock.advance(600_000);
    expect([log, server.connections.length]).toEqual([['joined', `ended ${reason}`], 1]);
  });
});
