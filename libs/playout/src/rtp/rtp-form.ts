// Frames as interleaved RTP packets (RFC 2326 section 10.12): the same bytes for every viewer of a stream, whatever its transport.
import { randomBytes } from 'node:crypto';
import { Codec, codecName, FrameKind, isConfiguration, isRandomAccess } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { decodeOrUndefined, ProtocolError } from '@millrace/protocol/bytes';
import { encodeBye, encodeSenderReport, RTP_HEADER_BYTES, writeRtpHeader } from '@millrace/protocol/rtp';
import { encodeInterleaved, INTERLEAVED_HEADER_BYTES, writeInterleavedHeader } from '@millrace/protocol/rtsp';
import { formatSessionDescription } from '@millrace/protocol/sdp';
import type { DescribedForm } from '../edge/form-registry.ts';
import type { EncodedFrame, SeenTracks } from '../live/wire-form.ts';
import { PLAYED_CODECS } from './played-codecs.ts';
import type { FramePacker, PlayedCodec, TrackFormat } from './played-codecs.ts';

/** With its headers of RTP, UDP and IPv6 a packet fits the path of nearly every network. */
const MAX_PACKET_BYTES = 1_400;
const MAX_PAYLOAD_BYTES = MAX_PACKET_BYTES - RTP_HEADER_BYTES;
const PACKET_HEAD_BYTES = INTERLEAVED_HEADER_BYTES + RTP_HEADER_BYTES;
/** Room for what payload formats add, and for NAL units that are less than a packet. */
const SPARE_BYTES = 512;
const MARKER_AT = INTERLEAVED_HEADER_BYTES + 1;
const MARKER = 0x80;
/** RFC 3550 section 6.2: reports every five seconds. */
const REPORT_90K = 450_000;
const FIRST_DYNAMIC_TYPE = 96;
export const CNAME = 'millrace';

export type PlayedKind = 'video' | 'audio';

/** A track as it is described and sent. */
export interface PlayedTrack {
  readonly kind: PlayedKind;
  /** What its address ends in. */
  readonly control: string;
  /** Of RTP in what is written; RTCP has the next one. */
  readonly channel: number;
  readonly ssrc: number;
}

/** Where a player begins: of each track the packet that comes next, and the time of all of them on its clock. */
export interface FirstPacket {
  readonly control: string;
  readonly sequence: number;
  readonly rtpTimestamp: number;
}

class RtpTrack implements PlayedTrack {
  readonly kind: PlayedKind;
  readonly codec: number;
  readonly format: TrackFormat;
  readonly payloadType: number;
  readonly control: string;
  readonly channel: number;
  readonly ssrc = randomBytes(4).readUInt32BE();
  /** RFC 3550 section 5.1: both "SHOULD be random". */
  sequence = randomBytes(2).readUInt16BE();
  readonly #offset = randomBytes(4).readUInt32BE();
  readonly #played: PlayedCodec;
  readonly #packer: FramePacker;
  packets = 0;
  octets = 0;
  reportedAt90k = -Infinity;

  constructor(kind: PlayedKind, index: number, codec: number, format: TrackFormat, record: Uint8Array) {
    this.kind = kind;
    this.codec = codec;
    this.format = format;
    this.payloadType = format.payloadType ?? FIRST_DYNAMIC_TYPE + index;
    this.control = `trackID=${index}`;
    this.channel = 2 * index;
    this.#played = PLAYED_CODECS[codec]!;
    this.#packer = this.#played.openPacker(record);
  }

  /** @param time90k on the timeline of the stream */
  timestamp(time90k: number): number {
    return (Math.round((time90k * this.format.clockRate) / 90_000) + this.#offset) % 2 ** 32;
  }

  configure(record: Uint8Array): boolean {
    return this.#packer.configure(record);
  }

  pack(frame: Frame, dts90k: number): Buffer {
    const { byteLength } = frame.payload;
    const packets = Math.ceil(byteLength / (MAX_PAYLOAD_BYTES - 32));
    let bytes = Buffer.allocUnsafe(byteLength + packets * 2 * PACKET_HEAD_BYTES + SPARE_BYTES);
    let at = 0;
    let last = 0;
    const timestamp = this.timestamp(dts90k + frame.compositionOffset90k);
    const { payloadType, ssrc, channel } = this;
    this.#packer.pack(frame, MAX_PAYLOAD_BYTES, (head, body) => {
      const payloadBytes = head.length + body.length;
      const end = at + PACKET_HEAD_BYTES + payloadBytes;
      if (end > bytes.length) bytes = Buffer.concat([bytes.subarray(0, at)], 2 * end);
      last = at;
      writeInterleavedHeader(bytes, at, channel, RTP_HEADER_BYTES + payloadBytes);
      const header = { marker: false, payloadType, sequence: this.sequence++, timestamp, ssrc };
      writeRtpHeader(bytes, at + INTERLEAVED_HEADER_BYTES, header);
      bytes.set(head, at + PACKET_HEAD_BYTES);
      bytes.set(body, at + PACKET_HEAD_BYTES + head.length);
      at = end;
      this.packets++;
      this.octets += payloadBytes;
    });
    if (this.#played.marksEnd && at > 0) bytes[last + MARKER_AT]! |= MARKER;
    return bytes.subarray(0, at);
  }
}

export class RtpForm implements DescribedForm {
  /** Called when the description does not hold any more. */
  onOutdated: (() => void) | undefined;
  readonly tracks: readonly PlayedTrack[];
  /** Tracks that RTP has no form for, by the codec's name. */
  readonly leftOut: readonly string[];
  readonly #tracks: readonly RtpTrack[];
  readonly #wallClockMs: () => number;
  readonly #starts = new WeakMap<Uint8Array, readonly FirstPacket[]>();
  /** Wall clock minus the timeline: fixed, since players take a change of it for a jump. */
  #epochMs: number | undefined;
  #newest90k = 0;
  #isOutdated = false;

  constructor(seen: SeenTracks, wallClockMs: () => number = Date.now) {
    this.#wallClockMs = wallClockMs;
    const tracks: RtpTrack[] = [];
    const leftOut: string[] = [];
    for (const [kind, has, configuration] of [
      ['video', seen.hasVideo, seen.videoConfiguration],
      ['audio', seen.hasAudio, seen.audioConfiguration],
    ] as const) {
      // MP3 alone has no configuration.
      const codec = configuration?.codec ?? (kind === 'audio' ? Codec.mp3 : Codec.none);
      const record = configuration?.payload ?? NOTHING;
      if (!has) continue;
      const format = decodeOrUndefined((bytes) => PLAYED_CODECS[codec]?.describe(bytes), record);
      if (format === undefined) leftOut.push(codecName(codec));
      else tracks.push(new RtpTrack(kind, tracks.length, codec, format, record));
    }
    this.tracks = this.#tracks = tracks;
    this.leftOut = leftOut;
  }

  /** Whether these tracks would be described and sent alike. Parameter sets of video may differ: they are sent as well. */
  describes(seen: SeenTracks): boolean {
    return !this.#isOutdated && this.#key === new RtpForm(seen, this.#wallClockMs).#key;
  }

  description(address: string, sessionId: number): Buffer {
    const media = this.#tracks.map(({ kind, payloadType, control, format }) => ({
      ...format,
      kind,
      payloadType,
      control,
    }));
    return formatSessionDescription({ sessionId, address, name: 'Millrace', media });
  }

  /** Reports of both clocks, so that a player has them in step from the first packet on. */
  head({ hasVideo, hasAudio }: SeenTracks): Uint8Array {
    const wanted = this.#tracks.filter(({ kind }) => (kind === 'video' ? hasVideo : hasAudio));
    return Buffer.concat(wanted.map((track) => this.#report(track, this.#newest90k)));
  }

  /** The last packets of a player. */
  farewell(kinds: ReadonlySet<PlayedKind>): Buffer {
    const ended = this.#tracks.filter(({ kind }) => kinds.has(kind));
    return Buffer.concat(ended.map(({ channel, ssrc }) => encodeInterleaved(channel + 1, encodeBye(ssrc, CNAME))));
  }

  /** Where a player begins whose first frame is this one. */
  startOf(bytes: Uint8Array): readonly FirstPacket[] | undefined {
    return this.#starts.get(bytes);
  }

  encode(frame: Frame, dts90k: number): EncodedFrame | undefined {
    const kind = frame.kind === FrameKind.video ? 'video' : frame.kind === FrameKind.audio ? 'audio' : undefined;
    if (kind === undefined || (frame.track ?? 0) !== 0 || this.#isOutdated) return undefined;
    const track = this.#tracks.find((candidate) => candidate.kind === kind);
    // One that RTP has no form for, or that came later.
    if (track === undefined) return undefined;
    if (track.codec !== frame.codec) return this.#outdated();
    this.#newest90k = dts90k;
    this.#epochMs ??= (frame.encoderTimeMs ?? this.#wallClockMs()) - dts90k / 90;
    try {
      if (isConfiguration(frame)) return track.configure(frame.payload) ? undefined : this.#outdated();
      const start = isRandomAccess(frame) ? this.#firstPackets(dts90k + frame.compositionOffset90k) : undefined;
      const packets = track.pack(frame, dts90k);
      const bytes = this.#withReport(track, dts90k, packets);
      if (start !== undefined) this.#starts.set(bytes, start);
      return { bytes, payloadOffset: undefined };
    } catch (error) {
      if (error instanceof ProtocolError) return undefined;
      throw error;
    }
  }

  #firstPackets(time90k: number): FirstPacket[] {
    return this.#tracks.map((track) => ({
      control: track.control,
      sequence: track.sequence & 0xffff,
      rtpTimestamp: track.timestamp(time90k),
    }));
  }

  #withReport(track: RtpTrack, dts90k: number, packets: Buffer): Buffer {
    if (Math.abs(dts90k - track.reportedAt90k) < REPORT_90K) return packets;
    track.reportedAt90k = dts90k;
    return Buffer.concat([packets, this.#report(track, dts90k)]);
  }

  #report(track: RtpTrack, time90k: number): Buffer {
    const { ssrc, packets, octets, channel } = track;
    const wallClockMs = (this.#epochMs ?? this.#wallClockMs()) + time90k / 90;
    const report = { ssrc, wallClockMs, rtpTimestamp: track.timestamp(time90k), packets, octets };
    return encodeInterleaved(channel + 1, encodeSenderReport(report, CNAME));
  }

  get #key(): string {
    return JSON.stringify(this.#tracks.map(({ kind, codec, format }) => [codec, kind === 'audio' && format]));
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
