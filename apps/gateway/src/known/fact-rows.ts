// From rows to facts.
import type { StreamKeyEntity } from '../stream-keys/stream-key.entity.ts';
import type { LiveStreamEntity } from '../streams/live-stream.entity.ts';
import type { TenantEntity } from '../tenants/tenant.entity.ts';
import type { KeyFact, StreamFact, TenantFact } from './facts.ts';

export const keyFactOf = (row: StreamKeyEntity): KeyFact => ({
  streamKeyId: row.id,
  tenantId: row.tenantId,
  streamId: row.liveStreamId,
  expiresAtMs: row.expiresAt?.getTime() ?? null,
  revoked: row.revokedAt !== null,
});

export const streamFactOf = (row: LiveStreamEntity): StreamFact => ({
  enabled: row.enabled,
  segmentTargetMs: row.segmentTargetMs,
  windowMs: row.windowMs,
  reconnectWindowMs: row.reconnectWindowMs,
  secondPublisher: row.secondPublisher,
});

export const tenantFactOf = (row: TenantEntity): TenantFact => ({
  suspended: row.status === 'suspended',
  maxLiveStreams: row.maxLiveStreams,
});
