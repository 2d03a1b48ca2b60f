// Breaks for advertising: from the data messages of encoders to EXT-X-DATERANGE in every list.
import { IdPrefix, newId } from '@millrace/domain';
import type { CommitMark, PublishClaim } from '@millrace/domain';
import { renditionValues } from '@millrace/live-store';
import { newRecord } from '@millrace/protocol/amf0';
import type { AmfValue } from '@millrace/protocol/amf0';
import { deltaUpdate } from '@millrace/protocol/hls';
import { parseMediaPlaylist } from '@millrace/protocol/hls/testing';
import { decodeSpliceInfo, encodeSpliceInsert } from '@millrace/protocol/scte35';
import { describe, expect, it } from 'vitest';
import { CONTAINERS } from '../containers/containers.ts';
import { cutLog, firstPoint } from '../testing/cut-log.ts';
import { audioVideoLog } from '../testing/log-builder.ts';
import type { LogBuilder } from '../testing/log-builder.ts';
import { withSignals } from './date-ranges.ts';
import { appendPart, lowLatencyState } from './low-latency-window.ts';
import { appendSegment, emptyWindow, formatWindow } from './playlist-window.ts';
import { SPLICE_LIMITS, spliceSignals } from './splice-signals.ts';
import { chooseStart, markOf } from './start-plan.ts';
import type { StartPlan } from './start-plan.ts';

const record = (fields: Record<string, AmfValue>) => Object.assign(newRecord(), fields);
/** Those of ANSI/SCTE 35 section 14: out for 60.29 s with automatic return, and a placement opportunity. */
const SPLICE_OUT = '/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=';
const OPPORTUNITY_START = '/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg==';
const OPPORTUNITY_END = '/DAvAAAAAAAA///wBQb+dGKQoAAZAhdDVUVJSAAAjn+fCAgAAAAALKChijUCAKnMZ1g=';
const hexOf = (base64: string): string => Buffer.from(base64, 'base64').toString('hex').toUpperCase();
const insert = (out: boolean, seconds?: number, eventId = 7): string =>
  encodeSpliceInsert({
    eventId,
    out,
    duration90k: seconds === undefined ? undefined : seconds * 90_000,
    autoReturn: false,
  }).toString('base64');

/** The signals of a message at 2 s of an epoch that began at 1 s. */
const signalsOf = (name: string, ...values: AmfValue[]) =>
  spliceSignals(audioVideoLog().data(2_000, name, ...values).frames, 1_000);

describe('what encoders say of breaks', () => {
  it.each<[string, string, Record<string, AmfValue>, object]>([
    [
      'onAdCue with a section (Adobe Primetime)',
      'onAdCue',
      { type: 'scte35', cue: SPLICE_OUT, id: 'x', duration: 60.3, time: 5 },
      { kind: 'out', event: '1207959695', plannedMs: 60_294, autoReturn: true, command: hexOf(SPLICE_OUT) },
    ],
    [
      'onCuePoint with a section among its parameters, in hexadecimal',
      'onCuePoint',
      { name: 'scte35', type: 'event', parameters: record({ scte35: `0x${hexOf(OPPORTUNITY_START)}` }) },
      { kind: 'out', event: '1207959694-52', plannedMs: 307_000, command: hexOf(OPPORTUNITY_START) },
    ],
    [
      'the end of a placement opportunity',
      'onCuePoint',
      { message: OPPORTUNITY_END },
      { kind: 'in', event: '1207959694-52', command: hexOf(OPPORTUNITY_END) },
    ],
    ['splice_insert without a duration', 'onSCTE35', { data: insert(true) }, { kind: 'out', event: '7' }],
    ['splice_insert back', 'onCuePoint', { data: insert(false) }, { kind: 'in', event: '7' }],
    [
      'onAdCue in simple mode',
      'onAdCue',
      { cue: 'SpliceOut', id: 'ad break 1', duration: 30 },
      { kind: 'out', event: 'adbreak1', plannedMs: 30_000, autoReturn: true },
    ],
    [
      'cue points of Elemental',
      'onCuePoint',
      { name: 'scte35', type: 'event', time: 1, parameters: record({ id: '12', duration: '15.5' }) },
      { kind: 'out', event: '12', plannedMs: 15_500, autoReturn: true },
    ],
    [
      'cue points of YouTube, ahead of the break',
      'onCuePoint',
      {
        type: 'com.youtube.cuepoint',
        version: '0.1',
        pre_roll_time_sec: 2.5,
        cue_point_start: true,
        break_duration_sec: 30,
        splice_event_id: 5,
      },
      { kind: 'out', event: '5', atMs: 5_500, plannedMs: 30_000, autoReturn: true },
    ],
    [
      'the end of such a break',
      'onCuePoint',
      { type: 'com.youtube.cuepoint', cue_point_start: false, splice_event_id: 5 },
      { kind: 'in', event: '5' },
    ],
  ])('is understood: %s', (_, name, fields, expected) => {
    const [signal, ...more] = signalsOf(name, record(fields));
    expect(more).toEqual([]);
    expect(signal).toMatchObject({ atMs: 3_000, ...expected });
    // Readers of the list find a whole section.
    expect(decodeSpliceInfo(Buffer.from(signal!.command, 'hex')).commandType).toBeGreaterThan(4);
  });

  it('is nothing where there is no break in it, or it is broken or too large', () => {
    expect(signalsOf('onCuePoint', record({ name: 'chapter', time: 1 }))).toEqual([]);
    expect(signalsOf('onTextData', record({ cue: SPLICE_OUT }))).toEqual([]);
    expect(signalsOf('onAdCue', record({ type: 'scte35', cue: SPLICE_OUT.replace('AACPf', 'AACPg') }))).toEqual([]);
    expect(signalsOf('onAdCue', record({ cue: `/DA${'A'.repeat(2_000)}` }))).toEqual([]);
    const log = audioVideoLog();
    for (let i = 0; i < 50; i++) log.data(0, 'onAdCue', record({ cue: 'SpliceOut', id: String(i), duration: 1 }));
    expect(spliceSignals(log.frames, 0)).toHaveLength(SPLICE_LIMITS.maxSignals);
  });
});

/** A break of 6 s that begins at 5 s of the stream, is announced twice, and ends. */
const brokenLog = (): LogBuilder => {
  const log = audioVideoLog(100_000).run(0, 5_000);
  log.data(5_000, 'onAdCue', record({ type: 'scte35', cue: insert(true, 10) }));
  log.run(5_000, 5_600, { firstKeyMs: 6_000 });
  log.data(5_600, 'onAdCue', record({ type: 'scte35', cue: insert(true, 10) }));
  log.run(5_600, 11_000, { firstKeyMs: 6_000 });
  return log.data(11_000, 'onAdCue', record({ type: 'scte35', cue: insert(false) })).run(11_000, 40_000, {
    firstKeyMs: 12_000,
  });
};
const OUT = {
  id: 'scte35-7-105000',
  startDateMs: 105_000,
  plannedDuration: 10,
  attributes: new Map([['SCTE35-OUT', { hexadecimal: hexOf(insert(true, 10)) }]]),
};
const IN = {
  id: 'scte35-7-105000',
  startDateMs: 105_000,
  endDateMs: 111_000,
  duration: 6,
  attributes: new Map([['SCTE35-IN', { hexadecimal: hexOf(insert(false)) }]]),
};
const WINDOW_MS = 12_000;

describe('lists with a break', () => {
  const point = { ...firstPoint(100_000), partDurationMs: 500 };
  const { segments, parts } = cutLog(brokenLog().frames, { point });

  /** The tags of each list, as it is after each segment. */
  function listsOf(from = 0, window = emptyWindow(point.sessionId)) {
    return segments.slice(from).map((segment) => {
      window = appendSegment(window, segment, WINDOW_MS);
      const state = lowLatencyState(window.lowLatency!, segment.after, false, 1);
      const texts = [
        formatWindow(window, segment.after, false),
        ...renditionValues(state.playlists).map(({ text }) => text),
      ];
      const lists = texts.map((text) => parseMediaPlaylist(text));
      const tags = lists.map((list) => list.segments.flatMap(({ dateRanges = [] }) => dateRanges));
      // MPEG-TS, pictures and sound say the same.
      expect(tags[1]).toEqual(tags[0]);
      expect(tags[2]).toEqual(tags[0]);
      return { tags: tags[0]!, first: lists[0]!.segments[0]!, texts, window };
    });
  }

  it('say where it began and where it ended, once each, as long as a part of it is listed', () => {
    const lists = listsOf();
    for (const [index, { tags, first }] of lists.entries()) {
      const began = index >= 2 ? [OUT] : [];
      const ended = index >= 5 ? [IN] : [];
      const isOver = first.programDateTimeMs! > 111_000;
      expect(tags).toEqual(isOver ? [] : [...began, ...ended]);
    }
    expect(lists.some(({ tags, first }) => tags.length === 2 && first.programDateTimeMs! > 105_000)).toBe(true);
    expect(lists.at(-1)!.tags).toEqual([]);
  });

  it('say so again when another packager goes on with them', () => {
    const lists = listsOf();
    const stored = JSON.parse(JSON.stringify(lists[4]!.window)) as (typeof lists)[0]['window'];
    expect(listsOf(5, stored).map(({ texts }) => texts)).toEqual(lists.slice(5).map(({ texts }) => texts));
  });

  it('say so again when the live store has lost them, and the window is cut again behind the place where it began', () => {
    const lists = listsOf();
    const from = lists.findIndex(({ window, tags }) => tags.length > 0 && window.entries[0]!.mediaSequence > 2);
    expect(from).toBeGreaterThan(0);
    for (const [index, { window }] of [...lists.entries()].slice(from, from + 2)) {
      const { breaks, resumePoints } = window;
      const head = segments[index]!.after;
      const mark = markOf({ streamId: newId(IdPrefix.liveStream), resumePoints, head, ...(breaks && { breaks }) });
      const { sessionId } = point;
      const claim = { sessionId, epoch: 100_000 } as PublishClaim;
      const facts = { containers: CONTAINERS, claim, playlist: undefined, rebuildFrom: undefined };
      const plan = chooseStart({ ...facts, mark: JSON.parse(JSON.stringify(mark)) as CommitMark }) as StartPlan;
      expect(plan.kind).toBe('rebuild');
      const again = listsOf(plan.point.mediaSequence, plan.window);
      const back = again.find(({ window: { entries } }) => entries.at(-1)!.mediaSequence === index)!;
      expect(back.texts).toEqual(lists[index]!.texts);
    }
  });

  it('say so with the first part that comes after it', () => {
    let { lowLatency } = listsOf()[1]!.window;
    const seen: unknown[] = [];
    for (const part of parts.filter(({ before, rendition }) => before.mediaSequence === 2 && rendition === 'video')) {
      lowLatency = appendPart(lowLatency!, part);
      const { playlists } = lowLatencyState(lowLatency, part.before, false, 1);
      for (const { text } of renditionValues(playlists)) {
        const { open } = parseMediaPlaylist(text);
        if (open !== undefined && open.parts.length > 0) seen.push(open.dateRanges ?? []);
      }
    }
    // The part before 5 s ends with the first picture behind the message.
    expect(seen).toEqual([[], [OUT], [OUT], [OUT]]);
  });

  it('keep it in delta updates', () => {
    const last = listsOf().findLast(({ tags }) => tags.length === 2)!;
    const video = last.texts[1]!.replace('CAN-SKIP-UNTIL=12', 'CAN-SKIP-UNTIL=4');
    const delta = parseMediaPlaylist(deltaUpdate(video));
    expect(delta.skip?.skippedSegments).toBeGreaterThan(2);
    expect(delta.segments.flatMap(({ dateRanges = [] }) => dateRanges)).toEqual([OUT, IN]);
  });
});

describe('the list of breaks', () => {
  const signal = (kind: 'out' | 'in' | 'other', atMs: number, more = {}) => ({
    kind,
    event: '1',
    atMs,
    command: kind,
    ...more,
  });
  const idsOf = (...signals: ReturnType<typeof signal>[]) =>
    withSignals([], signals, 0).map(({ id, kind, end }) => [id, kind, end?.atMs]);

  it('takes repeats for what they are, and a number that is used again for another break', () => {
    expect(idsOf(signal('out', 0), signal('out', 500), signal('in', 9_000), signal('in', 9_500))).toEqual([
      ['scte35-1-0', 'break', 9_000],
    ]);
    expect(idsOf(signal('out', 0), signal('in', 9_000), signal('out', 9_100))).toEqual([
      ['scte35-1-0', 'break', 9_000],
      ['scte35-1-9100', 'break', undefined],
    ]);
    const planned = { plannedMs: 5_000, autoReturn: true };
    expect(idsOf(signal('out', 0, planned), signal('out', 4_000, planned), signal('out', 5_000, planned))).toEqual([
      ['scte35-1-0', 'break', undefined],
      ['scte35-1-5000', 'break', undefined],
    ]);
    expect(idsOf(signal('in', 0), signal('in', 100), signal('other', 0), signal('other', 100))).toEqual([
      ['scte35-1-0', 'in', undefined],
      ['scte35-1-0', 'other', undefined],
    ]);
  });

  it('has so many and no more', () => {
    const many = Array.from({ length: 100 }, (_, n) => ({ ...signal('out', n), event: String(n) }));
    expect(withSignals([], many, 0)).toHaveLength(SPLICE_LIMITS.maxListed);
  });
});
