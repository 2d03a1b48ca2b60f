// Sockets that drop: what waited is delivered once, on the same pod and on another one, whatever the bus loses.
import type { RoomBus } from '@millrace/control';
import { RoomSubject } from '@millrace/control';
import { afterEach, describe, expect, it } from 'vitest';
import { TestClient } from './testing/test-client.ts';
import { sampleRoom } from './testing/test-gateway.ts';
import { TestSignaling } from './testing/test-pod.ts';

let signaling: TestSignaling;
afterEach(() => signaling.close());

const start = async (changed = {}, pods = 2, bus?: RoomBus): Promise<void> => {
  signaling = await TestSignaling.start(changed, pods, bus);
};

async function meet(room = sampleRoom()) {
  const token = signaling.gateway.token(room);
  const ada = await TestClient.join(signaling.pods[0]!.port, token, { name: 'Ada' });
  const bob = await TestClient.join(signaling.pods.at(-1)!.port, token, { name: 'Bob' });
  await ada.client.one('participant_joined');
  return { room, token, ada, bob, adaId: ada.joined.participant.id };
}

const chats = (client: TestClient): string[] => client.all('chat').map(({ text }) => text);

describe('a socket that drops', () => {
  it.each([0, 1])('is resumed on pod %i: nothing is lost, nothing comes twice', async (pod) => {
    await start();
    const { ada, bob, adaId } = await meet();
    for (let i = 0; i < 20; i++) bob.client.send({ type: 'chat', text: String(i), to: adaId });
    await ada.client.one('chat', 5);
    await ada.client.drop();
    const seen = ada.client.lastSequence;
    expect(await bob.client.one('participant_updated')).toMatchObject({ participant: { state: 'reconnecting' } });
    for (let i = 20; i < 40; i++) bob.client.send({ type: 'chat', text: String(i), to: adaId });
    const back = await TestClient.resume(signaling.pods[pod]!.port, ada.joined.resume_token, seen);
    for (let i = 40; i < 60; i++) bob.client.send({ type: 'chat', text: String(i), to: adaId });
    expect(await back.one('resumed')).toMatchObject({
      participant: { id: adaId, name: 'Ada', state: 'connected' },
      participants: [{ name: 'Bob' }],
    });
    await expect.poll(() => chats(ada.client).length + chats(back).length).toBe(60);
    expect([...chats(ada.client), ...chats(back)]).toEqual(Array.from({ length: 60 }, (_, i) => String(i)));
    expect(back.received[0]?.type).toBe('resumed');
    expect(await bob.client.one('participant_updated', 2)).toMatchObject({ participant: { state: 'connected' } });
  });

  it('is resumed again and again while others talk', { timeout: 30_000 }, async () => {
    await start();
    const { ada, bob, adaId } = await meet();
    const heard: string[] = [];
    let client = ada.client;
    let last = client.lastSequence;
    for (let round = 0; round < 12; round++) {
      for (let i = 0; i < 5; i++) bob.client.send({ type: 'chat', text: `${round}-${i}`, to: adaId });
      if (round % 2) await client.one('chat');
      client.ws.terminate();
      await client.untilClosed();
      heard.push(...chats(client));
      last = Math.max(last, client.lastSequence);
      client = await TestClient.resume(signaling.pods[round % 2]!.port, ada.joined.resume_token, last);
      await client.one('resumed');
    }
    const all = Array.from({ length: 60 }, (_, i) => `${Math.floor(i / 5)}-${i % 5}`);
    await expect.poll(() => [...heard, ...chats(client)]).toEqual(all);
  });

  it('is resumed before the server has noticed: the old one is closed, and the others see nothing', async () => {
    await start();
    const { ada, bob } = await meet();
    for (const pod of [1, 0, 0]) {
      const back = await TestClient.resume(signaling.pods[pod]!.port, ada.joined.resume_token, 1);
      await back.one('resumed');
    }
    expect(await ada.client.untilClosed()).toEqual({ code: 1000, reason: 'moved' });
    bob.client.send({ type: 'chat', text: 'x' });
    expect(bob.client.all('participant_updated')).toEqual([]);
    expect(signaling.pods.map(({ rooms }) => rooms.participants)).toEqual([1, 1]);
  });

  it('loses no message to a bus that loses every note', async () => {
    const deaf: RoomBus = {
      tell: () => undefined,
      listen: async () => () => undefined,
      isReady: () => true,
      close: async () => undefined,
    };
    await start({ roomRenewMs: 50 }, 2, deaf);
    const { ada, bob, adaId } = await meet();
    for (let i = 0; i < 30; i++) bob.client.send({ type: 'chat', text: String(i), to: adaId });
    await ada.client.one('chat', 30);
    expect(chats(ada.client)).toEqual(Array.from({ length: 30 }, (_, i) => String(i)));
    expect(ada.client.events.map(({ sequence }) => sequence)).toEqual(ada.client.events.map((_, i) => i + 1));
    await ada.client.drop();
    await bob.client.one('participant_updated');
  });

  it('is lost after the window, and its place is free', async () => {
    await start({ roomResumeMs: 200, roomSweepMs: 20, roomEmptyMs: 100 }, 1);
    const { room, token, ada, bob, adaId } = await meet(sampleRoom({ type: 'one_to_one', maxParticipants: 2 }));
    await ada.client.drop();
    expect(await bob.client.one('participant_left')).toMatchObject({ participant_id: adaId, reason: 'lost' });
    expect(signaling.gateway.events(RoomSubject.participantLeft)).toMatchObject([{ reason: 'lost' }]);
    const late = await TestClient.resume(signaling.port, ada.joined.resume_token, 1);
    expect(await late.one('error')).toMatchObject({ code: 'resume_unknown' });
    late.send({ type: 'join', version: 1, token });
    await late.one('joined');
    late.send({ type: 'leave' });
    bob.client.send({ type: 'leave' });
    await expect
      .poll(() => signaling.gateway.events(RoomSubject.roomFinished))
      .toMatchObject([{ roomId: room.roomId, reason: 'empty' }]);
  });

  it('is told when it was put out meanwhile', async () => {
    await start({}, 1);
    const { room, ada, adaId } = await meet();
    await ada.client.drop();
    signaling.gateway.control.participantRemove({ tenantId: room.tenantId, roomId: room.roomId, participantId: adaId });
    await expect.poll(() => signaling.presence.participants(room.roomId)).toHaveLength(1);
    const back = await TestClient.resume(signaling.port, ada.joined.resume_token, 1);
    expect(await back.one('left')).toEqual({ type: 'left', reason: 'removed' });
    expect(await back.untilClosed()).toMatchObject({ code: 1000 });
  });

  it('has to join again when more was missed than is kept', async () => {
    await start({ roomMaxWaitingMessages: 16 }, 1);
    const { token, ada, bob, adaId } = await meet(sampleRoom({ maxParticipants: 2 }));
    await ada.client.drop();
    await bob.client.one('participant_updated');
    for (let i = 0; i < 20; i++) bob.client.send({ type: 'chat', text: String(i), to: adaId, id: String(i) });
    await bob.client.one('accepted', 20);
    const back = await TestClient.resume(signaling.port, ada.joined.resume_token, 1);
    expect(await back.one('error')).toMatchObject({ code: 'resume_too_late' });
    back.send({ type: 'join', version: 1, token });
    await back.one('joined');
    expect(await bob.client.one('participant_left')).toMatchObject({ participant_id: adaId, reason: 'lost' });
  });

  it('keeps nothing that was acknowledged', async () => {
    await start({ roomRenewMs: 20 }, 1);
    const { ada, bob, adaId } = await meet();
    for (let i = 0; i < 5; i++) bob.client.send({ type: 'chat', text: String(i), to: adaId });
    await ada.client.one('chat', 5);
    ada.client.send({ type: 'ping', last_sequence: 4 });
    await expect.poll(() => signaling.presence.read(adaId, 0)).toBeUndefined();
    expect(await signaling.presence.read(adaId, 4)).toHaveLength(2);
  });

  it.each(['', 'x', 'par_x.y', '.', 'par_01jd9v3k2m0123456789abcdef.', 'par_01jd9v3k2m0123456789abcdef.secret'])(
    'is refused with the token %j, and may guess no more than a few times',
    async (token) => {
      await start({}, 1);
      const guess = await TestClient.connect(signaling.port);
      for (let i = 0; i < 4; i++)
        guess.send({ type: 'resume', version: 1, resume_token: token || ' ', last_sequence: 0 });
      expect(await guess.untilClosed()).toMatchObject({ code: 1008 });
      expect(guess.all('error').map(({ code }) => code)).toEqual([
        'resume_unknown',
        'resume_unknown',
        'resume_unknown',
      ]);
    },
  );
});

describe('a place of an identity', () => {
  it('goes to who joins with it again, on whatever pod', async () => {
    await start();
    const room = sampleRoom({ type: 'one_to_one', maxParticipants: 2 });
    const token = signaling.gateway.token(room, { identity: 'ada' });
    const first = await TestClient.join(signaling.pods[0]!.port, token);
    const bob = await TestClient.join(signaling.pods[0]!.port, signaling.gateway.token(room));
    const second = await TestClient.join(signaling.pods[1]!.port, token);
    expect(await first.client.one('left')).toEqual({ type: 'left', reason: 'replaced' });
    expect(await bob.client.one('participant_left')).toMatchObject({ reason: 'replaced' });
    expect(await bob.client.one('participant_joined')).toMatchObject({
      participant: { id: second.joined.participant.id, identity: 'ada' },
    });
    const again = await TestClient.resume(signaling.port, first.joined.resume_token, 0);
    expect(await again.one('left')).toEqual({ type: 'left', reason: 'replaced' });
  });
});
