// From rows to facts.
import type { RoomEntity } from '../rooms/room.entity.ts';
import type { SigningKeyEntity } from '../signing-keys/signing-key.entity.ts';
import type { StreamKeyEntity } from '../stream-keys/stream-key.entity.ts';
import type { LiveStreamEntity } from '../streams/live-stream.entity.ts';
import type { TenantEntity } from '../tenants/tenant.entity.ts';
import type { KeyFact, LoginFact, RoomFact, SigningKeysFact, StreamFact, TenantFact } from './facts.ts';

export const keyFactOf = (row: StreamKeyEntity): KeyFact => ({
  streamKeyId: row.id,
  tenantId: row.tenantId,
  streamId: row.liveStreamId,
  expiresAtMs: row.expiresAt?.getTime() ?? null,
  revoked: row.revokedAt !== null,
});

export const loginFactOf = ({ hash, sealed }: StreamKeyEntity): LoginFact => ({
  hash: hash.toString('hex'),
  sealed: sealed?.toString('base64') ?? null,
});

export const streamFactOf = (row: LiveStreamEntity): StreamFact => ({
  enabled: row.enabled,
  segmentTargetMs: row.segmentTargetMs,
  windowMs: row.windowMs,
  reconnectWindowMs: row.reconnectWindowMs,
  secondPublisher: row.secondPublisher,
  name: row.name,
});

export const tenantFactOf = (row: TenantEntity): TenantFact => ({
  suspended: row.status === 'suspended',
  maxLiveStreams: row.maxLiveStreams,
  maxRooms: row.maxRooms,
  maxParticipants: row.maxParticipants,
  maxRelayAllocations: row.maxRelayAllocations,
  maxRelayBitsPerSecond: row.maxRelayBitsPerSecond,
});

export const roomFactOf = (row: RoomEntity, bans: readonly string[]): RoomFact => ({
  tenantId: row.tenantId,
  name: row.name,
  type: row.type,
  maxParticipants: row.maxParticipants,
  locked: row.locked,
  ended: row.endedAt !== null,
  version: row.updatedAt.getTime(),
  bans: [...bans],
  bansVersion: row.bansVersion,
});

export const signingKeysFactOf = (rows: readonly SigningKeyEntity[]): SigningKeysFact => ({
  keys: rows.map(({ id, sealed }) => ({ id, sealed: sealed.toString('base64') })),
});
