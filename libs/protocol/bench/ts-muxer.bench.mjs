// How fast segments are made, on real footage and on heavier streams. Run it with the workspace's Node.js.
import { readFileSync } from 'node:fs';
import { decodeAudioSpecificConfig } from '../src/aac/index.ts';
import { FlvDecoder, FlvTagType, readAudioTag, readVideoTag, VideoPacketType } from '../src/flv/index.ts';
import { classifyAccessUnit, AccessUnitFlag, decodeH264Configuration } from '../src/h264/index.ts';
import { INITIAL_CONTINUITY, muxSegment } from '../src/mpegts/index.ts';

const SEGMENT_90K = 180_000;
const ROUNDS = 400;

function readSegments(path) {
  const segments = [];
  let video;
  let audio;
  for (const tag of new FlvDecoder().push(readFileSync(path))) {
    if (tag.type === FlvTagType.script) continue;
    const kind = tag.type === FlvTagType.video ? 'video' : 'audio';
    const head = kind === 'video' ? readVideoTag(tag.data) : readAudioTag(tag.data);
    const payload = Buffer.from(tag.data.subarray(head.dataOffset));
    if (head.packetType === VideoPacketType.sequenceStart) {
      if (kind === 'video') video = { codec: 'h264', config: decodeH264Configuration(payload) };
      else audio = { codec: 'aac', config: decodeAudioSpecificConfig(payload) };
      continue;
    }
    const keyframe = kind === 'video' && (classifyAccessUnit(payload, 4) & AccessUnitFlag.idr) !== 0;
    const dts90k = tag.timestampMs * 90;
    const last = segments.at(-1);
    if (keyframe && (last === undefined || dts90k - last[0].dts90k >= SEGMENT_90K - 900)) segments.push([]);
    segments.at(-1)?.push({ kind, dts90k, cto90k: (head.compositionTimeMs ?? 0) * 90, keyframe, payload });
  }
  return { options: { video, audio, continuity: INITIAL_CONTINUITY }, segments };
}

/** The same pictures with more bytes in each last NAL unit: what a stream of a higher bitrate would be. */
function heavier(unit, factor) {
  if (unit.kind === 'audio') return unit;
  let from = 0;
  for (let at = 0; at < unit.payload.length; at = from + 4 + unit.payload.readUInt32BE(from)) from = at;
  const size = unit.payload.readUInt32BE(from);
  const grown = Buffer.allocUnsafeSlow(unit.payload.length + Math.round(size * (factor - 1))).fill(0xa5);
  unit.payload.copy(grown);
  grown.writeUInt32BE(grown.length - from - 4, from);
  return { ...unit, payload: grown };
}

function measure(name, options, units) {
  const inputBytes = units.reduce((sum, unit) => sum + unit.payload.length, 0);
  const times = [];
  let size = 0;
  let before = process.cpuUsage();
  for (let round = 0; round < ROUNDS; round++) {
    if (round === ROUNDS / 4) before = process.cpuUsage();
    const start = process.hrtime.bigint();
    size = muxSegment(options, units).bytes.length;
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  const cpu = process.cpuUsage(before);
  const cpuMs = (cpu.user + cpu.system) / 1e3 / (ROUNDS - ROUNDS / 4);
  const sorted = times.slice(ROUNDS / 4).sort((a, b) => a - b);
  const median = sorted[sorted.length >> 1];
  const p95 = sorted[Math.floor(sorted.length * 0.95)];
  const overhead = ((size / inputBytes - 1) * 100).toFixed(1);
  console.log(
    `${name.padEnd(24)} ${String(units.length).padStart(4)} units ${String(size).padStart(8)} bytes (+${overhead} %)  ` +
      `best ${sorted[0].toFixed(3)} ms  median ${median.toFixed(3)} ms (${(size / 1e3 / median).toFixed(0)} MB/s)  p95 ${p95.toFixed(3)} ms  ` +
      `CPU ${cpuMs.toFixed(3)} ms  first ${times[0].toFixed(2)} ms`,
  );
}

const { options, segments } = readSegments(new URL('../../../media/bbb-h264-aac.flv', import.meta.url));
const middle = segments[Math.floor(segments.length / 2)];
measure('as it is (0.9 Mbit/s)', options, middle);
measure(
  '2.5 Mbit/s',
  options,
  middle.map((unit) => heavier(unit, 2.6)),
);
measure(
  '10 Mbit/s',
  options,
  middle.map((unit) => heavier(unit, 11)),
);
measure(
  'video only',
  { ...options, audio: undefined },
  middle.filter((unit) => unit.kind === 'video').map((unit) => heavier(unit, 2.6)),
);
measure(
  'audio only',
  { ...options, video: undefined },
  middle.filter((unit) => unit.kind === 'audio'),
);
