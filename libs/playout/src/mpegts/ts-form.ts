// Frames as packets of MPEG-TS: the same bytes for every viewer of a stream.
import { Codec, codecName, FrameKind, isConfiguration, isRandomAccess } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import {
  findTrack,
  mpegTsProgramOf,
  mpegTsTrackOf,
  NO_TRACKS,
  readTrack,
  trackWithoutRecord,
  withTrack,
} from '@millrace/media';
import type { MpegTsProgram, Track, Tracks } from '@millrace/media';
import { INITIAL_CONTINUITY, muxSegment } from '@millrace/protocol/mpegts';
import type { DescribedForm } from '../edge/form-registry.ts';
import type { EncodedFrame, SeenTracks } from '../live/wire-form.ts';

/** PAT and PMT are repeated when this has passed: a receiver that has lost some finds its way within half a second. */
const TABLES_90K = 36_000;

export class TsForm implements DescribedForm {
  /** Called when its tables do not hold any more: players have mostly no use for another program. */
  onOutdated: (() => void) | undefined;
  /** Tracks that MPEG-TS has no form for, by the codec's name. */
  readonly leftOut: readonly string[];
  #tracks: Tracks = NO_TRACKS;
  #program: MpegTsProgram;
  #continuity = INITIAL_CONTINUITY;
  #tablesAt90k = -Infinity;
  #isOutdated = false;

  constructor(seen: SeenTracks) {
    const leftOut: string[] = [];
    for (const [kind, has, configuration] of [
      [FrameKind.video, seen.hasVideo, seen.videoConfiguration],
      [FrameKind.audio, seen.hasAudio, seen.audioConfiguration],
    ] as const) {
      if (!has) continue;
      // MP3 alone has no configuration.
      const codec = configuration?.codec ?? (kind === FrameKind.audio ? Codec.mp3 : Codec.none);
      const track = configuration ? readTrack(configuration, undefined) : trackWithoutRecord(codec);
      if (track !== undefined && mpegTsTrackOf(track) !== undefined) this.#tracks = withTrack(this.#tracks, track);
      else leftOut.push(codecName(codec));
    }
    this.leftOut = leftOut;
    this.#program = mpegTsProgramOf(this.#tracks);
  }

  /** Whether there is anything to send. */
  get isEmpty(): boolean {
    return this.#tracks.length === 0;
  }

  /** Parameter sets may differ: they are sent as well. */
  describes(seen: SeenTracks): boolean {
    return !this.#isOutdated && this.#key === new TsForm(seen).#key;
  }

  /** Sound alone has its tables now and then only; pictures have them with each keyframe. */
  head(): Uint8Array {
    if (this.#program.video !== undefined) return NOTHING;
    const { pat, pmt } = this.#continuity;
    // Those that were sent last, once more: ISO/IEC 13818-1 section 2.4.3.3, "duplicate packets".
    const continuity = { ...this.#continuity, pat: (pat + 15) & 15, pmt: (pmt + 15) & 15 };
    return muxSegment({ ...this.#program, continuity }, []).bytes;
  }

  encode(frame: Frame, dts90k: number): EncodedFrame | undefined {
    if ((frame.track ?? 0) !== 0 || this.#isOutdated) return undefined;
    const track = findTrack(this.#tracks, frame.kind);
    // One that MPEG-TS has no form for, or that came later.
    if (track === undefined) return undefined;
    if (track.codec !== frame.codec) return this.#outdated();
    if (isConfiguration(frame)) return this.#configure(frame, track);
    const isVideo = frame.kind === FrameKind.video;
    const keyframe = isRandomAccess(frame);
    const tables = (isVideo && keyframe) || Math.abs(dts90k - this.#tablesAt90k) >= TABLES_90K;
    const unit = {
      kind: isVideo ? ('video' as const) : ('audio' as const),
      dts90k,
      cto90k: frame.compositionOffset90k,
      keyframe,
      payload: frame.payload,
    };
    const { bytes, continuity, skipped } = muxSegment({ ...this.#program, continuity: this.#continuity, tables }, [
      unit,
    ]);
    if (skipped > 0) return undefined;
    this.#continuity = continuity;
    if (tables) this.#tablesAt90k = dts90k;
    return { bytes, payloadOffset: undefined };
  }

  #configure(frame: Frame, last: Track): undefined {
    const key = this.#key;
    const track = readTrack(frame, last);
    if (track === undefined || mpegTsTrackOf(track) === undefined) return this.#outdated();
    this.#tracks = withTrack(this.#tracks, track);
    this.#program = mpegTsProgramOf(this.#tracks);
    if (this.#key !== key) this.#outdated();
    return undefined;
  }

  /** What the tables say. */
  get #key(): string {
    const { video, audio } = this.#program;
    const channels = audio?.codec === 'opus' ? audio.channelConfigCode : undefined;
    return [video?.codec, audio?.codec, channels].join();
  }

  #outdated(): undefined {
    if (this.#isOutdated) return undefined;
    this.#isOutdated = true;
    // Not while frames are given to viewers.
    setImmediate(() => this.onOutdated?.());
    return undefined;
  }
}

const NOTHING = new Uint8Array(0);
