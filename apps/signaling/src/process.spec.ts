// Signaling as processes, over a real NATS and a real Redis: two pods, one room, and what happens to one of them.
import { fileURLToPath } from 'node:url';
import { createNatsControlClient, natsControlGateway, RoomSubject } from '@millrace/control';
import { startNatsServer } from '@millrace/frame-bus/testing';
import type { NatsServer } from '@millrace/frame-bus/testing';
import { startRedisServer } from '@millrace/live-store/testing';
import type { RedisServer } from '@millrace/live-store/testing';
import { ServiceChild } from '@millrace/service-kit/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { TestClient } from './testing/test-client.ts';
import { sampleRoom, TestGateway } from './testing/test-gateway.ts';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const WITHIN = { timeout: 15_000, interval: 10 };

let nats: NatsServer;
let redis: RedisServer;
let gateway: TestGateway;
let pods: ServiceChild[];

beforeAll(async () => {
  nats = await startNatsServer();
  redis = await startRedisServer();
  gateway = await TestGateway.start(
    natsControlGateway({ url: nats.url, queue: 'gateway', sealSecret: 'of the test' }),
    createNatsControlClient({ url: nats.url }),
  );
});
afterAll(async () => {
  await gateway.close();
  await nats[Symbol.asyncDispose]();
  await redis.stop();
});
afterEach(() => Promise.all(pods.map((pod) => pod.kill())));

async function listeningPort(pod: ServiceChild): Promise<number> {
  return (JSON.parse(await pod.saying('signaling listening')) as { readonly port: number }).port;
}

/** Two people in a room, each on another pod. */
async function meet(env: Readonly<Record<string, string>> = {}) {
  pods = ['pod-1', 'pod-2'].map(
    (name) =>
      new ServiceChild({
        name,
        main: MAIN,
        natsUrl: nats.url,
        redisUrl: redis.url,
        env: { MILLRACE_SIGNALING_HOST: '127.0.0.1', MILLRACE_SIGNALING_PORT: '0', ...env },
      }),
  );
  const ports = await Promise.all(pods.map(listeningPort));
  const room = sampleRoom();
  const token = gateway.token(room);
  const ada = await TestClient.join(ports[0]!, token, { name: 'Ada' });
  const bob = await TestClient.join(ports[1]!, token, { name: 'Bob' });
  await ada.client.one('participant_joined');
  return { room, token, ada, bob, adaId: ada.joined.participant.id, bobId: bob.joined.participant.id };
}

const chats = (client: TestClient): string[] => client.all('chat').map(({ text }) => text);

describe('two signaling pods', { timeout: 60_000 }, () => {
  it('are one: who is on different ones sees and reaches each other', async () => {
    const { room, ada, bob, adaId, bobId } = await meet();
    expect(bob.joined.participants).toMatchObject([{ id: adaId, name: 'Ada' }]);
    for (let i = 0; i < 50; i++) {
      ada.client.send({ type: 'chat', text: `a${i}`, to: bobId });
      bob.client.send({ type: 'chat', text: `b${i}` });
    }
    await ada.client.one('chat', 50);
    await bob.client.one('chat', 50);
    expect(chats(bob.client)).toEqual(Array.from({ length: 50 }, (_, i) => `a${i}`));
    expect(chats(ada.client)).toEqual(Array.from({ length: 50 }, (_, i) => `b${i}`));

    gateway.control.roomChanged({ ...room, locked: true, version: 2 });
    for (const { client } of [ada, bob])
      expect(await client.one('room_updated')).toMatchObject({ room: { locked: true } });
    gateway.control.participantRemove({ tenantId: room.tenantId, roomId: room.roomId, participantId: adaId });
    expect(await ada.client.one('left')).toEqual({ type: 'left', reason: 'removed' });
    expect(await bob.client.one('participant_left')).toMatchObject({ participant_id: adaId, reason: 'removed' });
    gateway.control.roomEnd(room);
    expect(await bob.client.one('left')).toEqual({ type: 'left', reason: 'room_ended' });
    await vi.waitFor(
      () => expect(gateway.events(RoomSubject.roomFinished).at(-1)).toMatchObject({ reason: 'ended' }),
      WITHIN,
    );
    expect(gateway.events(RoomSubject.participantLeft).slice(-2)).toMatchObject([
      { participantId: adaId, reason: 'removed' },
      { participantId: bobId, reason: 'room_ended' },
    ]);
  });

  it('one is killed: its participants resume on the other with all that waited, once', async () => {
    const { ada, bob, adaId } = await meet();
    bob.client.send({ type: 'chat', text: 'before' });
    await ada.client.one('chat');
    const seen = ada.client.lastSequence;
    await pods[0]!.kill();
    for (const text of ['one', 'two', 'three']) bob.client.send({ type: 'chat', text, to: adaId, id: text });
    await bob.client.one('accepted', 3);
    const back = await TestClient.resume(await listeningPort(pods[1]!), ada.joined.resume_token, seen);
    expect(await back.one('resumed')).toMatchObject({ participant: { id: adaId, state: 'connected' } });
    await back.one('chat', 3);
    bob.client.send({ type: 'chat', text: 'four' });
    await back.one('chat', 4);
    expect(chats(back)).toEqual(['one', 'two', 'three', 'four']);
    expect(back.events.map(({ sequence }) => sequence)).toEqual(back.events.map((_, i) => seen + 1 + i));
    expect(bob.client.all('participant_left')).toEqual([]);
  });

  it('one is killed and its participant does not return: the others know, and after the window it is lost', async () => {
    const { ada, bob, adaId, token } = await meet({ MILLRACE_ROOM_RESUME_MS: '1500' });
    await pods[0]!.kill();
    // How soon follows from the settings: see settings.spec.ts.
    const updated = await bob.client.one('participant_updated');
    expect(updated).toMatchObject({ participant: { id: adaId, state: 'reconnecting' } });
    expect(await bob.client.one('participant_left')).toMatchObject({ participant_id: adaId, reason: 'lost' });
    const late = await TestClient.resume(
      await listeningPort(pods[1]!),
      ada.joined.resume_token,
      ada.client.lastSequence,
    );
    expect(await late.one('error')).toMatchObject({ code: 'resume_unknown' });
    // It may go on with its token on the same socket.
    late.send({ type: 'join', version: 1, token });
    expect((await late.one('joined')).participants).toMatchObject([{ name: 'Bob' }]);
  });

  it('one is frozen and wakes up after its participant has resumed elsewhere: it takes nothing back', async () => {
    const { ada, bob, adaId, bobId } = await meet();
    pods[0]!.freeze();
    const back = await TestClient.resume(
      await listeningPort(pods[1]!),
      ada.joined.resume_token,
      ada.client.lastSequence,
    );
    await back.one('resumed');
    pods[0]!.thaw();
    expect((await ada.client.untilClosed()).reason).toBe('moved');
    bob.client.send({ type: 'chat', text: 'still here?', to: adaId });
    back.send({ type: 'chat', text: 'yes', to: bobId });
    expect(await back.one('chat')).toMatchObject({ text: 'still here?' });
    expect(await bob.client.one('chat')).toMatchObject({ text: 'yes' });
    expect(chats(ada.client)).toEqual([]);
  });

  it('one is stopped: it says so, its participants resume on the other, and it ends', async () => {
    const { ada, bob, adaId } = await meet();
    const stopped = pods[0]!.stop();
    expect(await ada.client.one('go_away')).toEqual({ type: 'go_away', reason: 'draining' });
    ada.client.close();
    const back = await TestClient.resume(
      await listeningPort(pods[1]!),
      ada.joined.resume_token,
      ada.client.lastSequence,
    );
    await back.one('resumed');
    expect(await stopped).toBe(0);
    bob.client.send({ type: 'chat', text: 'hello', to: adaId });
    expect(await back.one('chat')).toMatchObject({ text: 'hello' });
    expect(bob.client.all('participant_left')).toEqual([]);
  });
});
