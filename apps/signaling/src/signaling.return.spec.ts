// Who comes back: a guest after a reload, a participant whose token has expired, and who was removed and may not.
import { ALL_PERMISSIONS, banKeysOf, newId } from '@millrace/domain';
import { afterEach, expect, it } from 'vitest';
import { TestClient } from './testing/test-client.ts';
import { sampleRoom } from './testing/test-gateway.ts';
import { TestSignaling } from './testing/test-pod.ts';

const SECRET = 'a secret of a guest who reloads';

let signaling: TestSignaling;
afterEach(() => signaling.close());

it('a guest takes its own place again with its secret, on any server, and no other client does', async () => {
  signaling = await TestSignaling.start({}, 2);
  const [first, second] = signaling.pods.map(({ port }) => port) as [number, number];
  const token = signaling.gateway.token(sampleRoom({ type: 'one_to_one', maxParticipants: 2 }));
  const ada = await TestClient.join(first, token);
  const before = await TestClient.join(first, token, { rejoin_secret: SECRET });
  await before.client.drop();
  const stranger = await TestClient.connect(second);
  stranger.send({ type: 'join', version: 1, token, rejoin_secret: SECRET.replace('a', 'b') });
  expect(await stranger.one('error')).toMatchObject({ code: 'room_full' });
  const after = await TestClient.join(second, token, { rejoin_secret: SECRET });
  expect(after.joined.participants).toMatchObject([{ id: ada.joined.participant.id }]);
  expect(await ada.client.one('participant_left')).toMatchObject({
    participant_id: before.joined.participant.id,
    reason: 'replaced',
  });
  expect(await ada.client.one('participant_joined', 2)).toMatchObject({
    participant: { id: after.joined.participant.id },
  });
  const old = await TestClient.resume(first, before.joined.resume_token, 0);
  expect(await old.one('left')).toEqual({ type: 'left', reason: 'replaced' });
});

it('a secret that could be guessed is refused', async () => {
  signaling = await TestSignaling.start();
  const client = await TestClient.connect(signaling.port);
  client.send({ type: 'join', version: 1, token: 'x', rejoin_secret: 'short' });
  expect((await client.one('error')).detail).toContain('rejoin_secret');
});

it('a participant is given a fresh token before its own expires, also after it has resumed on another server', async () => {
  signaling = await TestSignaling.start({}, 2);
  const [first, second] = signaling.pods.map(({ port }) => port) as [number, number];
  const { gateway } = signaling;
  const room = sampleRoom();
  gateway.renewAnswer = { granted: true, token: 'fresh', expiresAtMs: Date.now() + 315_000 };
  const admission = (leftMs: number) => ({
    tokenId: 'tok',
    signingKeyId: newId('sgk'),
    name: undefined,
    expiresAtMs: Date.now() + leftMs,
  });
  const { client, joined } = await TestClient.join(first, gateway.token(room, { admission: admission(20_000) }));
  expect(await client.one('token')).toEqual({
    type: 'token',
    token: 'fresh',
    expires_at: new Date(gateway.renewAnswer.expiresAtMs).toISOString(),
  });
  const { tenantId, roomId } = room;
  const request = { tenantId, roomId, participantId: joined.participant.id, resumeWindowMs: 15_000 };
  expect(gateway.renewals).toEqual([request]);
  await client.drop();
  const back = await TestClient.resume(second, joined.resume_token, client.lastSequence);
  expect(await back.one('token')).toMatchObject({ token: 'fresh' });
  expect(gateway.renewals).toEqual([request, request]);
  // Of who has hours left none is asked for: the next two have joined after it, and have theirs.
  await TestClient.join(first, gateway.token(room, { admission: admission(3_600_000) }));
  const last = await TestClient.join(first, gateway.token(room, { admission: admission(0) }));
  await last.client.one('token');
  expect(gateway.renewals.map(({ participantId }) => participantId)).toEqual([
    joined.participant.id,
    joined.participant.id,
    last.joined.participant.id,
  ]);
});

it('a join that was allowed before a removal does not slip in after it', async () => {
  signaling = await TestSignaling.start();
  const { gateway, port } = signaling;
  const room = sampleRoom();
  const admission = {
    tokenId: 'tok',
    signingKeyId: newId('sgk'),
    name: undefined,
    expiresAtMs: Date.now() + 3_600_000,
  };
  const early = gateway.token(room, { admission, bansVersion: 4 });
  const late = gateway.token(room, { admission, bansVersion: 5 });
  const { client, joined } = await TestClient.join(port, early);
  const { tenantId, roomId } = room;
  const [key = ''] = banKeysOf({ identity: undefined, admission });
  const ban = { key, version: 5 };
  gateway.control.participantRemove({ tenantId, roomId, participantId: joined.participant.id, ban });
  expect(await client.one('left')).toMatchObject({ reason: 'removed' });
  const again = await TestClient.connect(port);
  again.send({ type: 'join', version: 1, token: early });
  expect(await again.one('error')).toMatchObject({ code: 'banned' });
  // Allowed knowing of the ban, because it was undone.
  expect((await TestClient.join(port, late)).joined.room.id).toBe(roomId);
});

it('a name is that of the token where it may not be changed', async () => {
  signaling = await TestSignaling.start();
  const { gateway, port } = signaling;
  const room = sampleRoom();
  const permissions = { ...ALL_PERMISSIONS, rename: false };
  const { client, joined } = await TestClient.join(port, gateway.token(room, { name: 'Dr. Ada', permissions }), {
    name: 'Somebody else',
  });
  expect(joined).toMatchObject({ participant: { name: 'Dr. Ada' }, permissions: { rename: false } });
  client.send({ type: 'update', name: 'Somebody else', id: '1' });
  expect(await client.one('error')).toMatchObject({ code: 'not_permitted', reply_to: '1' });
  client.send({ type: 'update', name: 'Dr. Ada', metadata: { hue: '1' }, id: '2' });
  expect(await client.one('accepted')).toMatchObject({ reply_to: '2' });
  expect(await signaling.presence.participants(room.roomId)).toMatchObject([
    { name: 'Dr. Ada', metadata: { hue: '1' } },
  ]);
  const guest = await TestClient.join(port, gateway.token(room, { permissions }), { name: 'Somebody else' });
  expect(guest.joined.participant.name).toBe('Guest');
});
