export { createMemoryLiveStore } from './live-store.memory.ts';
export type { MemoryLiveStore, MemoryLiveStoreOptions } from './live-store.memory.ts';
export { createRedisLiveStore } from './live-store.redis.ts';
export type { RedisLiveStoreOptions } from './live-store.redis.ts';
export { LiveStoreError } from './live-store-error.ts';
export type { LiveStoreErrorCode, LiveStoreOperation } from './live-store-error.ts';
export { DEFAULT_LIVE_STORE_LIMITS } from './live-store-limits.ts';
export type { LiveStoreLimits } from './live-store-limits.ts';
export type { LiveStoreObserver } from './live-store-observer.ts';
export { isSegmentName } from './store-names.ts';
export { LIVE_STORE } from './live-store.ts';
export type {
  ClaimLoss,
  ClaimOutcome,
  ClaimRequest,
  CommitOutcome,
  Lease,
  LiveStore,
  LiveStream,
  PlaylistState,
  PlaylistText,
  SegmentCommit,
  SegmentEntry,
  StreamDescription,
} from './live-store.ts';
