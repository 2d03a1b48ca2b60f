// A room of a tenant with a participant, and the secrets that go with it.
import type { JoinGrant } from '@millrace/control';
import { banKeysOf, newId } from '@millrace/domain';
import type { ParticipantProfile } from '@millrace/domain';
import type { TestGateway } from './test-gateway.ts';
import type { World } from './tenant-world.ts';

export interface RoomWorld {
  readonly roomId: string;
  readonly participantId: string;
  readonly signingKeyId: string;
  readonly signingKey: string;
  readonly iceServersId: string;
}

/** Makes a signing key, a room, a participant in it, and a relay credential. */
export async function makeRoomWorld(gateway: TestGateway, { apiKey: key }: World): Promise<RoomWorld> {
  const signingKey = await gateway.ok('POST', '/v1/signing_keys', { key, body: {} });
  const { id: roomId } = await gateway.ok('POST', '/v1/rooms', { key, body: { name: 'a room' } });
  const { id: iceServersId } = await gateway.ok('POST', '/v1/ice_servers', { key, body: {} });
  const { token } = await gateway.ok('POST', `/v1/rooms/${String(roomId)}/tokens`, { key, body: { identity: 'ada' } });
  return {
    roomId: String(roomId),
    participantId: await enter(gateway, await grantOf(gateway, String(token))),
    signingKeyId: String(signingKey['id']),
    signingKey: String(signingKey['key']),
    iceServersId: String(iceServersId),
  };
}

/** Asks as a signaling server does. */
export const askToJoin = (gateway: TestGateway, token: string) =>
  gateway.rooms.authorizeJoin({ token, signalingId: 'signaling-1', clientAddress: '192.0.2.1' }, 5_000);

/** @throws when the token is refused */
export async function grantOf(gateway: TestGateway, token: string): Promise<JoinGrant> {
  const answer = await askToJoin(gateway, token);
  if (!answer.granted) throw new Error(`refused: ${answer.refusal}`);
  return answer.grant;
}

/** Takes a place, as a signaling server does. @returns the id of the participant */
export async function enter(gateway: TestGateway, grant: JoinGrant): Promise<string> {
  const participantId = newId('par');
  const { tenantId, roomId } = grant.room;
  const atMs = Date.now();
  const profile: ParticipantProfile = {
    participantId,
    tenantId,
    roomId,
    identity: grant.identity,
    name: grant.name ?? 'Guest',
    metadata: {},
    muted: { audio: false, video: false, screen: true },
    permissions: grant.permissions,
    joinedAtMs: atMs,
    admission: grant.admission,
  };
  const outcome = await gateway.presence.join({
    room: grant.room,
    profile,
    banKeys: banKeysOf(profile),
    bansVersion: grant.bansVersion,
    ...grant.limits,
    podId: 'signaling-1',
    resumeKeyHash: 'x',
  });
  if (outcome.outcome !== 'joined') throw new Error(`not in: ${outcome.outcome}`);
  if (outcome.opened) gateway.rooms.roomStarted({ tenantId, roomId, atMs });
  return participantId;
}
