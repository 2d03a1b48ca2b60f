// MPEG-TS segments (RFC 8216 section 3.2): which tracks have a place in them, and their bytes. The state is the next continuity
// counter of each PID (ISO/IEC 13818-1 section 2.4.3.3), which goes on over segments (RFC 8216 section 3).
import { Codec } from '@millrace/domain';
import type { CaptionKind } from '@millrace/live-store';
import type { Track, Tracks } from '@millrace/media';
import { encodeAdtsPrefix } from '@millrace/protocol/aac';
import type { AudioSpecificConfig } from '@millrace/protocol/aac';
import { ProtocolError } from '@millrace/protocol/bytes';
import { INITIAL_CONTINUITY, muxSegment } from '@millrace/protocol/mpegts';
import type { AudioTrack, VideoTrack } from '@millrace/protocol/mpegts';
import { AccessUnitFlag } from '@millrace/protocol/nal';
import { opusChannelConfigCode } from '@millrace/protocol/opus';
import type { Container } from './container.ts';

export const mpegts: Container = {
  name: 'mpegts',
  segments: { extension: 'ts', contentType: 'video/mp2t' },
  initial: { ...INITIAL_CONTINUITY },
  carries: (track) => formOf(track) !== undefined,
  mux({ samples, tags }, tracks, state, discontinuity) {
    const { pat = 0, pmt = 0, video = 0, audio = 0, metadata } = state;
    const continuity = { pat, pmt, video, audio, ...(metadata === undefined ? {} : { metadata }) };
    const {
      bytes,
      continuity: next,
      skipped,
      contents,
    } = muxSegment({ ...programOf(tracks), continuity, discontinuity }, samples, tags);
    return { bytes, state: { ...next }, skipped, captions: captionsIn(contents) };
  },
};

function captionsIn(contents: number): CaptionKind[] {
  const kinds: CaptionKind[] = [];
  if ((contents & AccessUnitFlag.cea608) !== 0) kinds.push('cea608');
  if ((contents & AccessUnitFlag.cea708) !== 0) kinds.push('cea708');
  return kinds;
}

/** A track as the segment writer wants it; undefined when MPEG-TS, or the writer, has no form for it. */
function formOf(track: Track): AudioTrack | VideoTrack | undefined {
  switch (track.codec) {
    case Codec.h264:
      return { codec: 'h264', config: track.configuration };
    case Codec.h265:
      return { codec: 'h265', config: track.configuration };
    case Codec.aac:
      // AAC that has no ADTS form cannot be carried; better no track than no segment.
      return hasAdtsForm(track.configuration) ? { codec: 'aac', config: track.configuration } : undefined;
    case Codec.mp3:
      return { codec: 'mp3' };
    case Codec.ac3:
      return { codec: 'ac3' };
    case Codec.eac3:
      return { codec: 'eac3' };
    // There is no form for them that players know.
    case Codec.av1:
    case Codec.vp9:
    case Codec.flac:
      return undefined;
    case Codec.opus: {
      const channelConfigCode = opusChannelConfigCode(track.configuration);
      return channelConfigCode === undefined ? undefined : { codec: 'opus', channelConfigCode };
    }
  }
}

function hasAdtsForm(configuration: AudioSpecificConfig): boolean {
  try {
    encodeAdtsPrefix(configuration);
    return true;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return false;
  }
}

const isVideo = (form: AudioTrack | VideoTrack): form is VideoTrack => form.codec === 'h264' || form.codec === 'h265';

interface Program {
  readonly video: VideoTrack | undefined;
  readonly audio: AudioTrack | undefined;
}

/** The program of a segment with these tracks: one of each kind. */
function programOf(tracks: Tracks): Program {
  let video: VideoTrack | undefined;
  let audio: AudioTrack | undefined;
  for (const track of tracks) {
    const form = formOf(track);
    if (form === undefined) continue;
    if (isVideo(form)) video ??= form;
    else audio ??= form;
  }
  return { video, audio };
}
