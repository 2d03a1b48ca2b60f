export { createMemoryLiveStore } from './live-store.memory.ts';
export type { MemoryLiveStore, MemoryLiveStoreOptions } from './live-store.memory.ts';
export { createRedisLiveStore } from './live-store.redis.ts';
export type { RedisLiveStoreOptions } from './live-store.redis.ts';
export type { HealthSample, SessionSample } from './health-series.ts';
export type { IngestReport } from './ingest-report.ts';
export { LiveStoreError } from './live-store-error.ts';
export type { LiveStoreErrorCode, LiveStoreOperation, PresenceOperation } from './live-store-error.ts';
export { DEFAULT_LIVE_STORE_LIMITS } from './live-store-limits.ts';
export type { LiveStoreLimits } from './live-store-limits.ts';
export type { LiveStoreObserver } from './live-store-observer.ts';
export {
  parsePartName,
  parseRenditionFile,
  parseRenditionName,
  partName,
  renditionFile,
  renditionName,
  renditionNames,
  renditionSegmentName,
  renditionValues,
} from './part-names.ts';
export type { PartPlace } from './part-names.ts';
export { SEGMENT_POOL_DEFAULTS, SegmentPool } from './segment-pool.ts';
export type { SegmentPoolOptions } from './segment-pool.ts';
export type { HeldSource, SourceLease, SourceReport } from './source-leases.ts';
export { isSegmentName, MAX_SOURCE_STATE_LENGTH } from './store-names.ts';
export type { ViewerGroup, ViewerNotes } from './viewer-notes.ts';
export type { CommittedFile } from './commit-rules.ts';
export { LIVE_STORE, RENDITIONS } from './live-store.ts';
export type {
  ClaimLoss,
  ClaimOutcome,
  ClaimRequest,
  CommitOutcome,
  EncoderDetails,
  Lease,
  LiveStore,
  LiveStream,
  LowLatencyEntry,
  LowLatencyState,
  LowLatencyWindow,
  MediaPeriod,
  OfRenditions,
  PartCommit,
  PartEntry,
  PlaylistState,
  PlaylistText,
  PromotionCause,
  RenewalLoss,
  Standby,
  StandbyOutcome,
  StandbyReport,
  InitialisationMap,
  RenditionDescription,
  RenditionEntry,
  RenditionFacts,
  RenditionKind,
  RenditionName,
  RenditionPlaylist,
  RenditionPlaylists,
  RenditionState,
  WholeRenditionEntry,
  SegmentCommit,
  StoreMemory,
  SegmentEntry,
  StoredSegment,
  CaptionKind,
  StreamDescription,
} from './live-store.ts';
export { createMemoryPresence } from './presence/presence.memory.ts';
export type { MemoryPresenceOptions } from './presence/presence.memory.ts';
export { createRedisPresence } from './presence/presence.redis.ts';
export type { RedisPresenceOptions } from './presence/presence.redis.ts';
export { DEFAULT_PRESENCE_LIMITS } from './presence/presence-limits.ts';
export type { PresenceLimits } from './presence/presence-limits.ts';
export { PRESENCE_STORE } from './presence/presence-store.ts';
export type {
  BeatAnswer,
  Delivery,
  Departure,
  JoinOutcome,
  JoinRoom,
  MailboxEntry,
  OpenRoom,
  PostOutcome,
  PresenceStore,
  Renewal,
  ResumeOutcome,
  ResumeSeat,
  RoomChange,
  RoomRef,
  Seat,
  SeatBeat,
  Sweep,
} from './presence/presence-store.ts';
export { decodeRoomNews, encodeRoomNews } from './presence/room-news.ts';
export type { RoomNews } from './presence/room-news.ts';
