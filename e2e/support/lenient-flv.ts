// What a decoder makes of an FLV file that bends the rules: its video as one H.264 byte stream, and when each picture is shown.
// Written apart from the code under test; it knows just the liberties that the files in e2e/cases/rtmp take.
import { hashOf } from './coded-frame.ts';
import { readFlvTags } from './flv-tags.ts';
import type { FlvTag } from './flv-tags.ts';

const AUDIO = 8;
const VIDEO = 9;
const START_CODE = Buffer.from([0, 0, 0, 1]);
const SPS = 7;
const PPS = 8;
/** Frames further than this from those around them are stamped wrongly. */
const LONE_MS = 10_000;

export interface LenientFlv {
  /** Annex B. */
  readonly video: Buffer;
  /** When each picture is shown, in order. */
  readonly shownAtMs: readonly number[];
  /** Hashes of AAC frames. */
  readonly sound: readonly string[];
}

export function readLenientFlv(path: string): LenientFlv {
  const tags = readFlvTags(path);
  const video = tags.filter(({ type, body }) => type === VIDEO && (body[0]! & 15) === 7);
  const sentAtMs = withoutLoneTimes(video.map((tag) => tag.timestampMs));
  const nalUnits: Buffer[] = [];
  const shownAtMs: number[] = [];
  for (const [at, tag] of video.entries()) {
    const units = tag.body[1] === 0 ? parameterSets(tag.body.subarray(5)) : nalUnitsOf(tag.body.subarray(5));
    nalUnits.push(...units);
    // The first slice of a picture begins with macroblock 0: first_mb_in_slice, ue(v), is a single one bit (H.264 section 7.3.3).
    const begins = units.some((unit) => [1, 5].includes(unit[0]! & 31) && (unit[1]! & 0x80) !== 0);
    if (tag.body[1] === 1 && begins) shownAtMs.push(sentAtMs[at]! + tag.body.readIntBE(2, 3));
  }
  const bytes = nalUnits.flatMap((unit) => [START_CODE, unit]);
  return { video: Buffer.concat(bytes), shownAtMs: shownAtMs.sort((a, b) => a - b), sound: tags.flatMap(aacFrame) };
}

function aacFrame({ type, body }: FlvTag): string[] {
  return type === AUDIO && body[0]! >> 4 === 10 && body[1] === 1 ? [hashOf(body.subarray(2))] : [];
}

/** A timestamp far away from its neighbours is a mistake: what was meant is half way between them. */
function withoutLoneTimes(times: readonly number[]): number[] {
  return times.map((time, at) => {
    const [before, after] = [times[at - 1], times[at + 1]];
    if (before === undefined || after === undefined) return time;
    return Math.min(Math.abs(time - before), Math.abs(time - after)) > LONE_MS ? (before + after) / 2 : time;
  });
}

function parameterSets(record: Buffer): Buffer[] {
  if (startCodeAt(record, 0) === 0) return splitStartCodes(record);
  const sets: Buffer[] = [];
  for (let at = 6; at + 2 <= record.length;) {
    const unit = record.subarray(at + 2, at + 2 + record.readUInt16BE(at));
    if (![SPS, PPS].includes((unit[0] ?? 0) & 31)) break;
    sets.push(unit);
    // One byte, the number of PPS, is between the two lists.
    at += 2 + unit.length + ((unit[0]! & 31) === SPS ? 1 : 0);
  }
  return sets;
}

/** Lengths where they fill the body but for some trailing bytes; else start codes. */
function nalUnitsOf(body: Buffer): Buffer[] {
  const units: Buffer[] = [];
  let at = 0;
  while (at + 4 <= body.length) {
    const size = body.readUInt32BE(at);
    if (size > body.length - at - 4) return splitStartCodes(body);
    if (size > 0) units.push(body.subarray(at + 4, at + 4 + size));
    at += 4 + size;
  }
  return units;
}

function startCodeAt(bytes: Buffer, from: number): number {
  const at = bytes.indexOf('000001', from, 'hex');
  return at > 0 && bytes[at - 1] === 0 ? at - 1 : at;
}

function splitStartCodes(bytes: Buffer): Buffer[] {
  const units: Buffer[] = [];
  for (let at = startCodeAt(bytes, 0); at >= 0;) {
    const from = bytes.indexOf(1, at) + 1;
    const next = startCodeAt(bytes, from);
    units.push(bytes.subarray(from, next < 0 ? bytes.length : next));
    at = next;
  }
  return units.filter((unit) => unit.length > 0);
}
