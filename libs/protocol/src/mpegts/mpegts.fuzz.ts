import type { AccessUnit, SegmentOptions } from './index.ts';
import { INITIAL_CONTINUITY, muxSegment, SoundSplitter } from './index.ts';
import {
  checkTransportStream,
  decodePat,
  decodePmt,
  decodeSection,
  readTransportStream,
  TsDemuxer,
} from './testing/index.ts';

const MAX_PES_BYTES = 1 << 16;
const SOUND_CODECS = ['aac', 'mp3', 'ac3', 'eac3', 'opus'] as const;
const OPTIONS: SegmentOptions = {
  video: { codec: 'h264', config: { nalLengthSize: 4, sps: [Buffer.from([0x67, 1])], pps: [Buffer.from([0x68, 1])] } },
  audio: { codec: 'mp3' },
  continuity: INITIAL_CONTINUITY,
};

/** Sync bytes where they belong: without them nothing but the first check would ever run. */
function withSync(data: Uint8Array): Buffer {
  const stream = Buffer.from(data.subarray(0, data.length - (data.length % 188)));
  for (let at = 0; at < stream.length; at += 188) {
    stream[at] = 0x47;
    stream[at + 1] = stream[at + 1]! & 0x7f;
    stream[at + 3] = (stream[at + 3]! & 0x3f) | 0x10;
  }
  return stream;
}

/** Access units of whatever is there: the first bytes of each say its kind, size and time. */
function unitsOf(data: Uint8Array): AccessUnit[] {
  const units: AccessUnit[] = [];
  let dts90k = 0;
  for (let at = 0; at + 4 < data.length;) {
    const [choice = 0, size = 0, step = 0, offset = 0] = data.subarray(at, at + 4);
    dts90k += step * 64;
    const payload = data.subarray(at + 4, at + 4 + size * 4);
    const kind = (choice & 1) === 0 ? 'video' : 'audio';
    units.push({ kind, dts90k, cto90k: (offset - 128) * 64, keyframe: (choice & 2) !== 0, payload });
    at += 4 + payload.length;
  }
  return units;
}

const READERS: readonly ((data: Uint8Array) => unknown)[] = [
  (data) => decodeSection(data),
  (data) => decodePat(data),
  (data) => decodePmt(data),
  (data) => new TsDemuxer({ follow: () => MAX_PES_BYTES }).push(data),
  (data) => {
    const demuxer = new TsDemuxer({ follow: () => MAX_PES_BYTES });
    demuxer.push(withSync(data));
    demuxer.end();
  },
  (data) => {
    const demuxer = new TsDemuxer({ follow: () => MAX_PES_BYTES, damaged: () => undefined });
    demuxer.push(withSync(data));
    demuxer.push(data);
    demuxer.end();
  },
  (data) => {
    const codec = SOUND_CODECS[(data[0] ?? 0) % SOUND_CODECS.length]!;
    let bytes = 0;
    const splitter = new SoundSplitter(codec, {
      frame: (frame) => void (bytes += frame.length),
      lost: () => true,
    });
    const half = data.length >> 1;
    splitter.push(Buffer.from(data.subarray(1, half)), 0);
    splitter.push(Buffer.from(data.subarray(Math.max(1, half))), undefined);
    if (bytes > data.length) throw new Error('more sound than bytes');
  },
  (data) => checkTransportStream(data),
  (data) => checkTransportStream(withSync(data)),
  (data) => {
    const tables = muxSegment(OPTIONS, []).bytes;
    readTransportStream(Buffer.concat([tables, withSync(data)]));
  },
  (data) => {
    const units = unitsOf(data);
    const { bytes, skipped } = muxSegment(OPTIONS, units);
    const written = readTransportStream(bytes);
    const pictures = units.filter((unit) => unit.kind === 'video').length;
    if (written.pictures.length > pictures || skipped > units.length) throw new Error('more came out than went in');
  },
];

const TABLES = muxSegment(OPTIONS, []).bytes;
const UNITS = Buffer.concat([
  Buffer.from([2, 2, 0, 200, 0, 0, 0, 4, 0x65, 1, 2, 3]),
  // The shortest MP3 frame: 24 bytes.
  Buffer.concat([Buffer.from([1, 6, 3, 128, 0xff, 0xf3, 0x14, 0x64]), Buffer.alloc(20, 9)]),
  Buffer.from([0, 2, 56, 128, 0, 0, 0, 4, 0x41, 1, 2, 3]),
]);
const STREAM = muxSegment(OPTIONS, unitsOf(UNITS)).bytes;
const seed = (choice: number, bytes: Uint8Array): Buffer => Buffer.concat([Buffer.from([choice]), bytes]);

/** Good inputs, one for each reader. */
export const seeds: readonly Uint8Array[] = [
  seed(0, TABLES.subarray(5, 21)),
  seed(1, TABLES.subarray(5, 21)),
  seed(2, TABLES.subarray(193, 219)),
  seed(3, STREAM),
  seed(4, STREAM),
  seed(5, STREAM),
  seed(6, Buffer.concat([Buffer.of(4), Buffer.from('7fe004fc010203', 'hex')])),
  seed(7, STREAM),
  seed(8, STREAM),
  seed(9, STREAM.subarray(376)),
  seed(10, UNITS),
];

/** The first byte chooses the reader, the rest is its input. */
export function fuzz(data: Uint8Array): void {
  READERS[(data[0] ?? 0) % READERS.length]?.(data.subarray(1));
}
