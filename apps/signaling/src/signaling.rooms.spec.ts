// What two people in a room notice of signaling: in, talk, change, out.
import { RoomSubject } from '@millrace/control';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleRoom } from './testing/test-gateway.ts';
import { TestClient } from './testing/test-client.ts';
import { TestSignaling } from './testing/test-pod.ts';

const OFFER = [
  'v=0',
  'o=- 1 1 IN IP4 0.0.0.0',
  's=-',
  't=0 0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=sendrecv',
  '',
].join('\r\n');
const CANDIDATE = { candidate: 'candidate:1 1 udp 2122260223 192.0.2.1 54321 typ host', sdpMid: '0', sdpMLineIndex: 0 };

let signaling: TestSignaling;
beforeEach(async () => {
  signaling = await TestSignaling.start();
});
afterEach(() => signaling.close());

describe('a room', () => {
  it('tells who comes in who it is, who is there, and where relays are', async () => {
    const { gateway, port } = signaling;
    const room = sampleRoom({ type: 'one_to_one', maxParticipants: 2 });
    const ada = await TestClient.join(port, gateway.token(room, { identity: 'ada', name: 'Ada' }), { id: 'j1' });
    expect(ada.joined).toMatchObject({
      reply_to: 'j1',
      version: 1,
      participant: { identity: 'ada', name: 'Ada', state: 'connected', metadata: {} },
      participants: [],
      room: { id: room.roomId, name: 'Stand-up', type: 'one_to_one', max_participants: 2, locked: false },
      permissions: { publish: true, chat: true },
      ice_servers: [{ urls: ['turn:127.0.0.1:3478'], username: 'u', credential: 'c' }],
      ice_expires_at: '2030-03-17T17:46:40.000Z',
      resume_window_ms: 15_000,
      ping_interval_ms: 10_000,
    });
    const muted = { audio: true, video: false, screen: true };
    const bob = await TestClient.join(port, gateway.token(room), { name: 'Bob', metadata: { hue: '12' }, muted });
    expect(bob.joined.participants).toMatchObject([{ id: ada.joined.participant.id, name: 'Ada', polite: true }]);
    expect(await ada.client.one('participant_joined')).toMatchObject({
      sequence: 1,
      participant: { id: bob.joined.participant.id, name: 'Bob', metadata: { hue: '12' }, muted, polite: false },
    });
    expect(gateway.asked.at(-1)).toMatchObject({ tenantId: room.tenantId, subject: bob.joined.participant.id });
    expect(gateway.events(RoomSubject.roomStarted)).toMatchObject([{ roomId: room.roomId }]);
    expect(gateway.events(RoomSubject.participantJoined)).toMatchObject([{ identity: 'ada' }, { name: 'Bob' }]);
  });

  it('carries offers, answers, candidates and chat to their recipients', async () => {
    const { gateway, port } = signaling;
    const token = gateway.token(sampleRoom());
    const [ada, bob, eve] = [
      await TestClient.join(port, token),
      await TestClient.join(port, token),
      await TestClient.join(port, token),
    ];
    const [adaId, bobId] = [ada.joined.participant.id, bob.joined.participant.id];
    ada.client.send({ type: 'offer', to: bobId, sdp: OFFER, id: '1' });
    ada.client.send({ type: 'candidate', to: bobId, candidate: CANDIDATE });
    ada.client.send({ type: 'end_of_candidates', to: bobId });
    bob.client.send({ type: 'answer', to: adaId, sdp: OFFER });
    bob.client.send({ type: 'chat', text: 'psst', to: adaId });
    bob.client.send({ type: 'chat', text: 'hello all' });
    await ada.client.one('chat', 2);
    await bob.client.one('end_of_candidates');
    await eve.client.one('chat');
    const seen = (client: TestClient) => client.events.filter(({ type }) => type !== 'participant_joined');
    expect(seen(bob.client)).toMatchObject([
      { type: 'offer', from: adaId, sdp: OFFER, sequence: 2 },
      { type: 'candidate', from: adaId, candidate: CANDIDATE, sequence: 3 },
      { type: 'end_of_candidates', from: adaId, sequence: 4 },
    ]);
    expect(seen(ada.client)).toMatchObject([
      { type: 'answer', from: bobId },
      { type: 'chat', from: bobId, text: 'psst', private: true },
      { type: 'chat', from: bobId, text: 'hello all', private: false },
    ]);
    expect(seen(eve.client)).toMatchObject([{ type: 'chat', text: 'hello all' }]);
    expect(ada.client.all('accepted')).toEqual([{ type: 'accepted', reply_to: '1' }]);
  });

  it('tells of changes and of those who leave', async () => {
    const { gateway, port } = signaling;
    const room = sampleRoom();
    const token = gateway.token(room);
    const [ada, bob] = [await TestClient.join(port, token), await TestClient.join(port, token)];
    const muted = { audio: true, video: true, screen: true };
    bob.client.send({ type: 'update', muted, name: 'Bobby' });
    expect(await ada.client.one('participant_updated')).toMatchObject({
      participant: { id: bob.joined.participant.id, name: 'Bobby', muted, metadata: {}, state: 'connected' },
    });
    expect(await signaling.presence.participants(room.roomId)).toMatchObject([{ name: 'Guest' }, { name: 'Bobby' }]);
    bob.client.send({ type: 'leave' });
    expect(await bob.client.one('left')).toEqual({ type: 'left', reason: 'left' });
    expect((await bob.client.untilClosed()).code).toBe(1000);
    expect(await ada.client.one('participant_left')).toMatchObject({
      participant_id: bob.joined.participant.id,
      reason: 'left',
    });
    expect(gateway.events(RoomSubject.participantLeft)).toMatchObject([{ reason: 'left' }]);
  });

  it('gives fresh ICE servers, answers pings, and issues ICE servers to a probe that stays outside', async () => {
    const { gateway, port } = signaling;
    const room = sampleRoom();
    const token = gateway.token(room);
    const { client } = await TestClient.join(port, token);
    client.send({ type: 'ice_servers', id: 'x' });
    expect(await client.one('ice_servers')).toMatchObject({ reply_to: 'x', ice_servers: [{ username: 'u' }] });
    client.send({ type: 'ping', id: 'y', last_sequence: 0 });
    expect(await client.one('pong')).toEqual({ type: 'pong', reply_to: 'y' });
    const probe = await TestClient.connect(port);
    probe.send({ type: 'probe', version: 1, token });
    expect(await probe.one('probed')).toMatchObject({ ice_servers: [{ username: 'u' }] });
    expect(await signaling.presence.participants(room.roomId)).toHaveLength(1);
  });
});
