// MPEG-TS segments (RFC 8216 section 3.2): which tracks have a place in them, and their bytes. The state is the next continuity
// counter of each PID (ISO/IEC 13818-1 section 2.4.3.3), which goes on over segments (RFC 8216 section 3).
import type { CaptionKind } from '@millrace/live-store';
import { mpegTsProgramOf, mpegTsTrackOf } from '@millrace/media';
import { INITIAL_CONTINUITY, muxSegment } from '@millrace/protocol/mpegts';
import { AccessUnitFlag } from '@millrace/protocol/nal';
import type { Container } from './container.ts';

export const mpegts: Container = {
  name: 'mpegts',
  segments: { extension: 'ts', contentType: 'video/mp2t' },
  initial: { ...INITIAL_CONTINUITY },
  carries: (track) => mpegTsTrackOf(track) !== undefined,
  mux({ samples, tags }, tracks, state, discontinuity, allocate) {
    const { pat = 0, pmt = 0, video = 0, audio = 0, metadata } = state;
    const continuity = { pat, pmt, video, audio, ...(metadata === undefined ? {} : { metadata }) };
    const {
      bytes,
      continuity: next,
      skipped,
      contents,
    } = muxSegment(
      { ...mpegTsProgramOf(tracks), continuity, discontinuity, ...(allocate && { allocate }) },
      samples,
      tags,
    );
    return { bytes, state: { ...next }, skipped, captions: captionsIn(contents) };
  },
};

function captionsIn(contents: number): CaptionKind[] {
  const kinds: CaptionKind[] = [];
  if ((contents & AccessUnitFlag.cea608) !== 0) kinds.push('cea608');
  if ((contents & AccessUnitFlag.cea708) !== 0) kinds.push('cea708');
  return kinds;
}
