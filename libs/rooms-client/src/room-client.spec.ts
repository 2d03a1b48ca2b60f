// What of a room needs no peer connection; the rest runs in a real browser (e2e/rooms-client.e2e.ts).
import { beforeEach, describe, expect, it } from 'vitest';
import { RoomClient } from './room-client.ts';
import { FakeClock } from './testing/fake-clock.ts';
import { FakeServer, joined, participant, room } from './testing/fake-server.ts';

const silent = { audio: true, video: true, screen: true };
const microphone = () => ({ kind: 'audio', enabled: true }) as MediaStreamTrack;

let clock: FakeClock;
let server: FakeServer;
let client: RoomClient;

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeServer();
  const { openSocket } = server;
  client = new RoomClient({
    url: 'ws://rooms',
    token: 't',
    rejoinSecret: 'a secret',
    name: 'Ada',
    clock,
    random: () => 1,
    openSocket,
  });
});

async function join(muted = silent): Promise<void> {
  const done = client.join();
  server.current.accept();
  server.current.say(joined({ participant: participant('me', muted) }));
  await done;
}

async function dropAndResume(): Promise<void> {
  server.current.drop();
  clock.advance(400);
  server.current.accept();
  server.current.say({ type: 'resumed', participant: participant('me', silent), participants: [], room });
}

describe('RoomClient', () => {
  it('knows itself, the room and what it may do', async () => {
    expect([client.self, client.permissions]).toEqual([undefined, { publish: false, chat: false, rename: false }]);
    await join();
    expect([client.self?.id, client.room?.name, client.permissions.chat]).toEqual(['me', 'a room', true]);
    expect(server.current.received).toEqual([
      { type: 'join', version: 1, token: 't', rejoin_secret: 'a secret', name: 'Ada', muted: silent },
    ]);
  });

  it('makes a secret of its own, which cannot be guessed', async () => {
    const secrets = [1, 2].map(() => {
      const { openSocket } = server;
      void new RoomClient({ url: 'ws://rooms', token: 't', clock, openSocket }).join();
      server.current.accept();
      const { last } = server.current;
      return last?.type === 'join' ? last.rejoin_secret : undefined;
    });
    expect(secrets).toEqual([expect.stringMatching(/^[0-9a-f]{48}$/), expect.stringMatching(/^[0-9a-f]{48}$/)]);
    expect(secrets[0]).not.toBe(secrets[1]);
  });

  it('tells the application of a fresh token', async () => {
    const heard: unknown[] = [];
    client.on('token', (fresh) => heard.push(fresh));
    await join();
    server.current.say({ type: 'token', token: 'fresh', expires_at: '2026-01-01T00:05:15.000Z' });
    expect(heard).toEqual([{ token: 'fresh', expiresAt: '2026-01-01T00:05:15.000Z' }]);
  });

  it('says why it may not come in', async () => {
    const done = client.join();
    server.current.accept();
    server.current.say({ type: 'error', code: 'room_full', detail: 'room full: …' });
    await expect(done).rejects.toMatchObject({ code: 'room_full' });
  });

  it('tells the others what it mutes', async () => {
    await join();
    await client.publish('microphone', microphone());
    client.setMuted('microphone', true);
    await client.unpublish('microphone');
    expect(server.current.received.slice(1)).toEqual([
      { type: 'update', muted: { ...silent, audio: false } },
      { type: 'update', muted: silent },
    ]);
  });

  it('tells once, after a resume, what changed meanwhile', async () => {
    await join();
    server.current.drop();
    await client.publish('microphone', microphone());
    client.setMuted('microphone', true);
    client.setMuted('microphone', false);
    client.update({ name: 'Ada L.' });
    clock.advance(400);
    server.current.accept();
    server.current.say({ type: 'resumed', participant: participant('me', silent), participants: [], room });
    expect(server.current.received.slice(1)).toEqual([
      { type: 'update', name: 'Ada L.' },
      { type: 'update', muted: { ...silent, audio: false } },
    ]);
  });

  it('says nothing after a resume when nothing changed', async () => {
    await join();
    await dropAndResume();
    expect(server.current.types()).toEqual(['resume']);
  });

  it('hears chat and changes of the room', async () => {
    const heard: unknown[] = [];
    client.on('chat', ({ from, text }) => heard.push([from, text]));
    client.on('room_updated', ({ locked }) => heard.push(locked));
    await join();
    client.sendChat('hello');
    expect(server.current.last).toEqual({ type: 'chat', text: 'hello', id: 'm1' });
    server.current.say({ type: 'chat', sequence: 1, from: 'p', text: 'hi', private: false, sent_at: '' });
    server.current.say({ type: 'room_updated', sequence: 2, room: { ...room, locked: true } });
    expect(heard).toEqual([['me', 'hello'], ['p', 'hi'], true]);
    expect(client.room?.locked).toBe(true);
  });

  it('fetches new ICE servers before the credentials run out', async () => {
    const done = client.join();
    server.current.accept();
    server.current.say(joined({ ice_expires_at: '2026-01-01T00:00:08.000Z' }));
    await done;
    clock.advance(5_999);
    expect(server.current.last?.type).not.toBe('ice_servers');
    clock.advance(1);
    expect(server.current.last).toEqual({ type: 'ice_servers', id: 'r1' });
  });
});
