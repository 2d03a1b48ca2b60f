// Made-up streams for the contract.
import { newId, DEFAULT_STREAM_SETTINGS } from '@millrace/domain';
import type { ResumePoint, StreamSettings } from '@millrace/domain';
import type { ClaimOutcome, ClaimRequest, Lease, PlaylistState, SegmentCommit, SegmentEntry } from '../live-store.ts';

export function sampleRequest(
  request: Partial<Omit<ClaimRequest, 'settings'>> & { settings?: Partial<StreamSettings> } = {},
): ClaimRequest {
  return {
    tenantId: newId('ten'),
    streamId: newId('str'),
    streamKeyId: newId('skey'),
    edgeId: 'edge-1',
    newSessionId: newId('ses'),
    maxLiveStreams: 10,
    ...request,
    settings: { ...DEFAULT_STREAM_SETTINGS, ...request.settings },
  };
}

/** The same encoder once more: another request of its stream, perhaps through another edge. */
export function again(request: ClaimRequest, change: Partial<ClaimRequest> = {}): ClaimRequest {
  return { ...request, newSessionId: newId('ses'), ...change };
}

/** @throws Error when it was refused */
export function claimed(outcome: ClaimOutcome): Extract<ClaimOutcome, { outcome: 'claimed' }> {
  if (outcome.outcome !== 'claimed') throw new Error(`not claimed: ${outcome.outcome}`);
  return outcome;
}

/** @throws Error when the lease was not given */
export function given(lease: Lease | undefined): Lease {
  if (lease === undefined) throw new Error('no lease');
  return lease;
}

export const SEGMENT_TYPE = 'video/x-sample';

export const segmentName = (mediaSequence: number): string => `${mediaSequence}-0a.ts`;

export function resumePoint(mediaSequence: number): ResumePoint {
  return {
    position: { epoch: 1_795_000_000_000, sequence: mediaSequence * 100 + 1 },
    mediaSequence,
    discontinuitySequence: 2,
    discontinuity: false,
    container: { name: 'mpegts', state: { pat: 1, pmt: 2, video: 3, audio: 4 } },
    targetDurationSeconds: 2,
    epochZeroMs: 1_795_000_000_000,
    sessionId: 'ses_00000000000000000000000000',
  };
}

export function segmentEntry(mediaSequence: number): SegmentEntry {
  return {
    mediaSequence,
    name: segmentName(mediaSequence),
    durationMs: 2_000,
    bytes: 512,
    discontinuity: false,
    discontinuitySequence: 2,
    independent: true,
    programDateTimeMs: 1_795_000_000_000 + mediaSequence * 2_000,
    contentType: SEGMENT_TYPE,
  };
}

/** Every byte value twice, then the number of the segment; a view into a larger array, as a muxer hands it over. */
export function segmentBytes(mediaSequence: number): Uint8Array {
  const whole = Uint8Array.from({ length: 600 }, (_, i) => (i - 40) & 0xff);
  whole[40 + 511] = mediaSequence & 0xff;
  return whole.subarray(40, 40 + 512);
}

/** A playlist that lists the segments from `first` on and before `head`. */
export function samplePlaylist(streamId: string, first: number, head: number, ended = false): PlaylistState {
  const sequences = Array.from({ length: head - first }, (_, i) => first + i);
  return {
    streamId,
    sessionId: 'ses_00000000000000000000000000',
    text: `#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:${first}\n${sequences.map(segmentName).join('\n')}\n# Grüße\n${ended ? '#EXT-X-ENDLIST\n' : ''}`,
    segments: sequences.map(segmentEntry),
    ended,
    head: resumePoint(head),
    resumePoints: sequences.map(resumePoint),
    description: {
      codecs: ['avc1.64001f', 'mp4a.40.2'],
      width: 1280,
      height: 720,
      frameRate: undefined,
      peakBitsPerSecond: 3_000_000,
      averageBitsPerSecond: 2_500_000,
    },
    updatedAtMs: 1_795_000_000_000 + head,
  };
}

/** Adds the segment before `head` to a list that starts at `first`. */
export function nextCommit(
  lease: Lease,
  first: number,
  head: number,
  change: Partial<SegmentCommit> = {},
): SegmentCommit {
  return {
    lease,
    segments: [{ entry: segmentEntry(head - 1), bytes: segmentBytes(head - 1) }],
    playlist: samplePlaylist(lease.streamId, first, head),
    expectedMediaSequence: head - 1,
    retentionMs: 30_000,
    ...change,
  };
}

/** Writes the whole window from `first` to before `head`, whatever the store holds. */
export function rebuild(lease: Lease, first: number, head: number, change: Partial<SegmentCommit> = {}): SegmentCommit {
  const sequences = Array.from({ length: head - first }, (_, i) => first + i);
  return nextCommit(lease, first, head, {
    segments: sequences.map((sequence) => ({ entry: segmentEntry(sequence), bytes: segmentBytes(sequence) })),
    expectedMediaSequence: undefined,
    ...change,
  });
}
