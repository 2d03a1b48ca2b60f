import type { ClaimRequest } from './live-store.ts';

/** The quota that a claim carries: that of an encoder that may have to wait, which may begin a session when no gateway is asked. */
export const carriedQuota = ({ role, mayWait, maxLiveStreams }: ClaimRequest): number | undefined =>
  role === 'backup' || mayWait === true ? maxLiveStreams : undefined;
