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
