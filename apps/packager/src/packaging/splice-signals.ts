// Breaks for advertising, as encoders signal them in data messages of RTMP: what begins and ends, in the words of SCTE 35. Pure.
// The forms are those of Adobe Primetime (`onAdCue`), AWS Elemental (`onCuePoint`) and YouTube (`com.youtube.cuepoint`); a message that
// holds a whole splice_info_section is understood in whichever field it has it.
import { FrameKind, TICKS_PER_MS } from '@millrace/domain';
import type { Frame, SpliceSignal } from '@millrace/domain';
import { propertiesOf } from '@millrace/protocol/amf3';
import type { AmfValue } from '@millrace/protocol/amf3';
import { decodeOrUndefined } from '@millrace/protocol/bytes';
import { decodeData } from '@millrace/protocol/rtmp';
import { decodeSpliceInfo, encodeSpliceInsert } from '@millrace/protocol/scte35';
import type { SpliceInfo } from '@millrace/protocol/scte35';

export const SPLICE_LIMITS = {
  /** Of a splice_info_section; a longer one is left out. */
  maxCommandBytes: 512,
  /** Of one segment. */
  maxSignals: 8,
  /** Of one list; the oldest are left out. */
  maxListed: 32,
  /** A break that is not ended is listed for so long. */
  maxBreakMs: 24 * 60 * 60 * 1_000,
} as const;

const MESSAGE = /^on(?:CuePoint|AdCue|SCTE35)$/i;
/** What encoders call a thing, in lower case and without underscores. */
const EVENT_NAMES = ['spliceeventid', 'eventid', 'id'];
const DURATION_NAMES = ['breakdurationsec', 'breakduration', 'duration'];
const YOUTUBE = 'com.youtube.cuepoint';
/** ANSI/SCTE 35 (2023) table 23: breaks, advertisements, opportunities for them, and blocks of them. Each ends with the next number. */
const BREAK_STARTS: ReadonlySet<number> = new Set([0x22, 0x30, 0x32, 0x34, 0x36, 0x44, 0x46]);
const MAX_EVENT_LENGTH = 48;
const TICKS_PER_SECOND = 90_000;
/** Longer ones are mistakes. */
const LONGEST_BREAK_S = 24 * 60 * 60;

type Fields = ReadonlyMap<string, string | number | boolean>;

/** The signals of these frames, in their order. @param epochZeroMs wall-clock time that belongs to decode time 0 */
export function spliceSignals(frames: readonly Frame[], epochZeroMs: number): SpliceSignal[] {
  const signals: SpliceSignal[] = [];
  for (const frame of frames) {
    if (frame.kind !== FrameKind.data || signals.length >= SPLICE_LIMITS.maxSignals) continue;
    const signal = signalOf(frame, epochZeroMs + Math.round(frame.dts90k / TICKS_PER_MS));
    if (signal !== undefined) signals.push(signal);
  }
  return signals;
}

function signalOf({ payload }: Frame, atMs: number): SpliceSignal | undefined {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const message = decodeOrUndefined(decodeData, bytes);
  if (message === undefined || !MESSAGE.test(message.name)) return undefined;
  const fields = fieldsOf(message.values);
  const startMs = atMs + Math.round(secondsOf(fields, ['prerolltimesec']) * 1_000);
  return ofSection(fields, startMs) ?? ofYouTube(fields, startMs) ?? ofSimpleCue(fields, startMs);
}

/** What a message says, by name: of its objects, and of the objects in those (`parameters`). The first one of a name counts. */
function fieldsOf(values: readonly AmfValue[]): Fields {
  const fields = new Map<string, string | number | boolean>();
  const add = (value: AmfValue, name: string, depth: number): void => {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      if (!fields.has(name)) fields.set(name, value);
      return;
    }
    const properties = depth > 2 || typeof value !== 'object' || value === null ? undefined : propertiesOf(value);
    for (const [key, member] of Object.entries(properties ?? {})) add(member, plainName(key), depth + 1);
  };
  for (const value of values) add(value, 'cue', 0);
  return fields;
}

const plainName = (name: string): string => name.toLowerCase().replaceAll('_', '');

function ofSection(fields: Fields, atMs: number): SpliceSignal | undefined {
  for (const value of fields.values()) {
    const section = typeof value === 'string' ? sectionIn(value.trim()) : undefined;
    const info = section && decodeOrUndefined(decodeSpliceInfo, section);
    if (section && info) return { ...meaningOf(info), atMs, command: section.toString('hex').toUpperCase() };
  }
  return undefined;
}

/** Base 64 or hexadecimal: a section begins with 0xFC, and has at least 17 bytes. */
function sectionIn(text: string): Buffer | undefined {
  if (text.length > 2 + 2 * SPLICE_LIMITS.maxCommandBytes) return undefined;
  const section = /^(?:0x)?fc[0-9a-f]{32,}$/i.test(text)
    ? Buffer.from(text.replace(/^0x/i, ''), 'hex')
    : /^\/[A-D][A-Za-z0-9+/]{20,}=*$/.test(text)
      ? Buffer.from(text, 'base64')
      : undefined;
  return section !== undefined && section.length <= SPLICE_LIMITS.maxCommandBytes ? section : undefined;
}

function meaningOf({ insert, segmentations }: SpliceInfo): Omit<SpliceSignal, 'atMs' | 'command'> {
  if (insert !== undefined) {
    const { eventId, cancelled, out, duration90k, autoReturn } = insert;
    const event = String(eventId);
    if (cancelled || !out) return { kind: 'in', event };
    return { kind: 'out', event, ...plannedOf((duration90k ?? 0) / TICKS_PER_SECOND, autoReturn) };
  }
  for (const { eventId, cancelled, typeId, duration90k } of segmentations) {
    if (cancelled) continue;
    const isStart = BREAK_STARTS.has(typeId);
    if (!isStart && !BREAK_STARTS.has(typeId - 1)) continue;
    const event = `${eventId}-${isStart ? typeId : typeId - 1}`;
    if (!isStart) return { kind: 'in', event };
    return { kind: 'out', event, ...plannedOf((duration90k ?? 0) / TICKS_PER_SECOND, false) };
  }
  return { kind: 'other', event: String(segmentations[0]?.eventId ?? 0) };
}

const plannedOf = (seconds: number, autoReturn: boolean): Pick<SpliceSignal, 'plannedMs' | 'autoReturn'> =>
  seconds > 0 && seconds <= LONGEST_BREAK_S
    ? { plannedMs: Math.round(seconds * 1_000), ...(autoReturn && { autoReturn }) }
    : {};

/** "Automatic ad cue point insertion": `cue_point_start`, and how long. */
function ofYouTube(fields: Fields, atMs: number): SpliceSignal | undefined {
  if (fields.get('type') !== YOUTUBE) return undefined;
  return spliceOf(fields, fields.get('cuepointstart') !== false, atMs);
}

/** `SpliceOut` of Adobe Primetime's simple mode, and cue points of Elemental whose parameters say how long a break is. */
function ofSimpleCue(fields: Fields, atMs: number): SpliceSignal | undefined {
  const cue = plainName(String(fields.get('cue') ?? ''));
  if (cue === 'spliceout' || cue === 'splicein') return spliceOf(fields, cue === 'spliceout', atMs);
  const isScte35 = [fields.get('name'), fields.get('type')].some((name) => plainName(String(name)) === 'scte35');
  return isScte35 && secondsOf(fields, DURATION_NAMES) > 0 ? spliceOf(fields, true, atMs) : undefined;
}

/** As the splice_insert that it means. */
function spliceOf(fields: Fields, out: boolean, atMs: number): SpliceSignal {
  const event = String(EVENT_NAMES.map((name) => fields.get(name)).find((value) => value !== undefined) ?? 0);
  const number = Number(event);
  const eventId = Number.isInteger(number) && number >= 0 && number < 2 ** 32 ? number : hashOf(event);
  const planned = out ? plannedOf(secondsOf(fields, DURATION_NAMES), true) : {};
  const duration90k = planned.plannedMs === undefined ? undefined : planned.plannedMs * TICKS_PER_MS;
  const section = encodeSpliceInsert({ eventId, out, duration90k, autoReturn: duration90k !== undefined });
  return {
    kind: out ? 'out' : 'in',
    event: event.replaceAll(/[^A-Za-z0-9.-]/g, '').slice(0, MAX_EVENT_LENGTH),
    atMs,
    ...planned,
    command: section.toString('hex').toUpperCase(),
  };
}

/** A number of 32 bits for what is no number (FNV-1a). */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** The first of these fields that is a number of seconds; 0 without one. */
function secondsOf(fields: Fields, names: readonly string[]): number {
  for (const name of names) {
    const value = fields.get(name);
    const seconds = typeof value === 'string' && value !== '' ? Number(value) : value;
    if (typeof seconds === 'number' && seconds > 0 && seconds <= LONGEST_BREAK_S) return seconds;
  }
  return 0;
}
