// The manifest of MPEG-DASH of a stream, from the same list that the playlists of its renditions are made of. It depends on nothing else, so that every
// gateway makes the same one.
import { parseRenditionName, renditionNames, RENDITIONS, renditionValues } from '@millrace/live-store';
import type {
  CaptionKind,
  LowLatencyEntry,
  MediaPeriod,
  PlaylistState,
  RenditionDescription,
  RenditionName,
  StreamDescription,
} from '@millrace/live-store';
import type {
  DashAdaptationSet,
  DashDescriptor,
  DashManifest,
  DashPeriod,
  DashRepresentation,
  DashSegment,
} from '@millrace/protocol/dash';
import { ID3_EVENT_SCHEME } from '@millrace/protocol/isobmff';

const TIMESCALE = 90_000;
const TICKS_PER_MS = 90;
/** How often players ask for what is new: segments of 2 s are known half a second after their end, on average. */
const UPDATE_MS = 1_000;
/** Beyond two segments: one update, one download, and a little. */
const SPARE_MS = 2_000;
/** Segments that follow one another have no hole between them that is shorter: times are rounded, and sound has frames of its own length. 0.1 s. */
const JITTER_TICKS = 9_000;
/** What `bandwidth` has to say where nothing was measured. */
const UNMEASURED_BITS_PER_SECOND = { video: 1_000_000, audio: 128_000 };
/** Beside the manifest. */
const CLOCK_FILE = 'time';
/** In the name of a segment. */
const SEGMENT_NUMBER = /\d+(?=\.[a-z0-9]+$)/;
const NUMBER_IN_TEMPLATE = '$Number$';

/** The template that names this segment, and those before and behind it. */
export const templateOf = (segmentName: string): string =>
  segmentName.replace(SEGMENT_NUMBER, () => NUMBER_IN_TEMPLATE);

/** What a manifest can list: an entry with all times that it needs. */
type Timed = LowLatencyEntry & { readonly period: MediaPeriod };

/**
 * @param isClosing of a stream that has ended just now: a manifest that is still dynamic, and has the duration. Shaka Player 5 takes the duration of one
 *   that is static right behind one without for the length of what is listed, and never comes to its end.
 * @returns undefined when there are no files for MPEG-DASH
 */
export function manifestOf(state: PlaylistState, isClosing = false): DashManifest | undefined {
  const { lowLatency, description, ended, head } = state;
  const isStatic = ended && !isClosing;
  const entries = timedEntries(lowLatency?.window.entries ?? []);
  const last = entries.at(-1);
  if (last === undefined) return undefined;
  const targetMs = Math.max(head.targetDurationSeconds, 1) * 1_000;
  const delayMs = 2 * targetMs + SPARE_MS;
  // Where the first of them ends: players wait for more of what ends before the presentation does.
  const endMs = wallClockOf(last.period, Math.min(...timelinesOf([last]).map(endOf)));
  return {
    isStatic,
    availabilityStartTimeMs: 0,
    // What is new is known when the last segment has ended: every gateway says the same.
    publishTimeMs: endMs,
    minimumUpdatePeriodMs: isStatic ? undefined : UPDATE_MS,
    mediaPresentationDurationMs: ended ? endMs : undefined,
    timeShiftBufferDepthMs: entries.reduce((sum, { durationMs }) => sum + durationMs, 0),
    minBufferTimeMs: targetMs,
    maxSegmentDurationMs: Math.max(...entries.map(({ durationMs }) => durationMs)),
    latency: { targetMs: delayMs, minMs: delayMs - SPARE_MS / 2, maxMs: delayMs + 2 * targetMs },
    location: undefined,
    utcTiming: CLOCK_FILE,
    timescale: TIMESCALE,
    periods: runsOf(entries).map((run, index) =>
      // One that is over begins with what is listed: Shaka Player 5 takes its first period for the start of what can be played.
      periodOf(run, description, isStatic && index === 0 ? startOf(run) : run[0]!.period.start90k),
    ),
  };
}

/** The newest ones whose times are known: a packager of the release before has left them out. */
function timedEntries(entries: readonly LowLatencyEntry[]): Timed[] {
  const isTimed = (entry: LowLatencyEntry): entry is Timed => {
    const renditions = renditionValues(entry.renditions);
    return (
      entry.period !== undefined && renditions.length > 0 && renditions.every(({ start90k }) => start90k !== undefined)
    );
  };
  return entries.slice(entries.findLastIndex((entry) => !isTimed(entry)) + 1).filter(isTimed);
}

/** Those of each period, in their order. */
function runsOf(entries: readonly Timed[]): Timed[][] {
  const runs: Timed[][] = [];
  for (const entry of entries) {
    const run = runs.at(-1);
    if (run !== undefined && idOf(run[0]!.period) === idOf(entry.period)) run.push(entry);
    else runs.push([entry]);
  }
  return runs;
}

const wallClockOf = ({ zeroMs }: MediaPeriod, time90k: number): number => zeroMs + Math.floor(time90k / TICKS_PER_MS);
const idOf = (period: MediaPeriod): string => String(wallClockOf(period, period.start90k));
const endOf = (timeline: readonly DashSegment[]): number => timeline.at(-1)!.time + timeline.at(-1)!.duration;

const namesOf = ([entry]: readonly Timed[]): RenditionName[] => renditionNames(entry!.renditions);
const timelinesOf = (run: readonly Timed[]): DashSegment[][] => namesOf(run).map((name) => timelineOf(run, name));

/** Where the first segment of a run begins: a whole number of milliseconds. */
function startOf(run: readonly Timed[]): number {
  const start90k = Math.min(...timelinesOf(run).map(([segment]) => segment!.time));
  return start90k - (start90k % TICKS_PER_MS);
}

function periodOf(run: readonly Timed[], description: StreamDescription, start90k: number): DashPeriod {
  const [first] = run as [Timed];
  const described = namesOf(run)
    .map((name) => factsOf(name, description))
    // Nothing can be switched to it: its segments do not begin with those of the others.
    .filter(({ state }) => state !== 'unaligned');
  const videos = described.filter(({ kind }) => kind === 'video');
  const sounds = described.filter(({ kind }) => kind === 'audio');
  const representationsOf = (renditions: readonly Facts[]): DashRepresentation[] =>
    renditions.map((rendition) => representationOf(run, rendition));
  // Events are beside the pictures, and beside the sound only where there are none.
  const [pictureEvents, soundEvents] = videos.length > 0 ? [EVENTS, []] : [[], EVENTS];
  return {
    id: idOf(first.period),
    startMs: wallClockOf(first.period, start90k),
    presentationTimeOffset: start90k,
    adaptationSets: [
      ...switchableSets(videos).map((set, index) => ({
        ...nameOf(set[0]!),
        contentType: 'video' as const,
        supplemental: transferOf(set[0]!),
        events: pictureEvents,
        accessibility: (description.captions ?? []).map((kind) => CAPTIONS[kind]),
        role: roleOf(index),
        representations: representationsOf(set),
      })),
      // Sounds are different ones, not qualities of one.
      ...sounds.map((sound, index) => ({
        ...nameOf(sound),
        contentType: 'audio' as const,
        supplemental: [],
        events: index === 0 ? soundEvents : [],
        accessibility: [],
        role: roleOf(index),
        representations: representationsOf([sound]),
      })),
    ],
  };
}

/** What is known of a rendition; of the first ones of each kind also from packagers of the release before. */
type Facts = Omit<RenditionDescription, 'averageBitsPerSecond'>;

function factsOf(name: RenditionName, description: StreamDescription): Facts {
  const known = description.renditions?.find((rendition) => rendition.name === name);
  if (known !== undefined) return known;
  const { codecs, width, height, frameRate, videoRange, peakBitsPerSecond } = description;
  const { kind, track } = parseRenditionName(name)!;
  const common = { name, kind, track, state: 'listed' } as const;
  return kind === 'video'
    ? { ...common, codec: codecs[0] ?? '', width, height, frameRate, videoRange, peakBitsPerSecond }
    : { ...common, codec: codecs.at(-1) ?? '', peakBitsPerSecond: 0 };
}

/** Players switch between all pictures of a set: they have one codec and one range (DASH-IF Interoperability Points, part 4, section 4). */
function switchableSets(videos: readonly Facts[]): Facts[][] {
  const sets = new Map<string, Facts[]>();
  for (const video of videos) {
    const key = `${video.codec.split('.')[0]} ${video.videoRange ?? SDR}`;
    sets.set(key, [...(sets.get(key) ?? []), video]);
  }
  return [...sets.values()];
}

const SDR = 'SDR';
/** ISO/IEC 23091-2 table 3: the transfer functions of what HLS calls HLG and PQ. */
const TRANSFER: Readonly<Record<string, string>> = { PQ: '16', HLG: '18' };

function transferOf({ videoRange = SDR }: Facts): DashDescriptor[] {
  const value = TRANSFER[videoRange];
  return value === undefined ? [] : [{ schemeIdUri: 'urn:mpeg:mpegB:cicp:TransferCharacteristics', value }];
}

/** Timed metadata may come at any time. */
const EVENTS: readonly DashDescriptor[] = [{ schemeIdUri: ID3_EVENT_SCHEME, value: '' }];
/** ANSI/SCTE 214-1 section 7.2. */
const CAPTIONS: Readonly<Record<CaptionKind, DashDescriptor>> = {
  cea608: { schemeIdUri: 'urn:scte:dash:cc:cea-608:2015', value: 'CC1' },
  cea708: { schemeIdUri: 'urn:scte:dash:cc:cea-708:2015', value: '1' },
};

const roleOf = (index: number): DashAdaptationSet['role'] => (index === 0 ? 'main' : 'alternate');
/** Encoders of RTMP do not say which language it is; tenants may. */
const nameOf = ({ kind, track, label, language }: Facts): Pick<DashAdaptationSet, 'id' | 'language' | 'label'> => ({
  id: RENDITIONS.length * track + RENDITIONS.indexOf(kind),
  language,
  label: label ?? (kind === 'video' || track === 0 ? undefined : `track ${track}`),
});

function representationOf(run: readonly Timed[], facts: Facts): DashRepresentation {
  const [first] = run as [Timed];
  const { name, kind, codec, width, height, frameRate, channels, peakBitsPerSecond } = facts;
  const { name: file, map } = renditionOf(first, name);
  return {
    id: name,
    codecs: codec,
    bandwidth: Math.ceil(peakBitsPerSecond) || UNMEASURED_BITS_PER_SECOND[kind],
    width,
    height,
    frameRate,
    channels,
    initialization: map.name,
    media: templateOf(file),
    startNumber: first.mediaSequence,
    startsWithSap: run.every((entry) => startsWithSap(entry, facts)),
    timeline: timelineOf(run, name),
  };
}

/** Sound begins anywhere. The first pictures are whole segments of the stream, which may begin at a recovery point: that is no SAP of type 1. */
function startsWithSap(entry: Timed, { name, kind }: Facts): boolean {
  if (kind === 'audio') return true;
  const { independent = entry.independent } = renditionOf(entry, name);
  return independent && (name !== 'video' || entry.independent);
}

/** Each segment ends where the next one begins, if that is near, and never behind it. */
function timelineOf(run: readonly Timed[], name: RenditionName): DashSegment[] {
  let endsAt = -Infinity;
  return run.map((entry, index) => {
    const { start90k = 0, ticks } = renditionOf(entry, name);
    const next = run[index + 1] && renditionOf(run[index + 1]!, name).start90k;
    // Times that stand still or go back, which no period begins with: "the earliest presentation time" grows from segment to segment.
    const time = Math.max(start90k, endsAt);
    const step = (next ?? Infinity) - time;
    const duration = Math.max(1, step < ticks + JITTER_TICKS ? step : ticks);
    endsAt = time + duration;
    return { time, duration };
  });
}

/** All segments of a period have the same renditions. */
const renditionOf = ({ renditions }: Timed, name: RenditionName) => renditions[name]!;
