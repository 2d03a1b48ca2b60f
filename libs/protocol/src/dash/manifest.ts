// ISO/IEC 23009-1 section 5: the Media Presentation Description of MPEG-DASH, as far as live streams of one track a file need it
// (section 8.4, the ISO Base media file format live profile): templates of URLs by number, with a timeline.

/** An S element of a SegmentTimeline (section 5.3.9.6), in units of the timescale. */
export interface DashSegment {
  /** When its first sample is presented. */
  readonly time: number;
  readonly duration: number;
}

/** Section 5.3.5, with the SegmentTemplate that it has for itself. */
export interface DashRepresentation {
  readonly id: string;
  readonly codecs: string;
  /** Peak bits per second. */
  readonly bandwidth: number;
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly frameRate: number | undefined;
  readonly channels: number | undefined;
  /** URL of the initialisation segment. */
  readonly initialization: string;
  /** Template of the URLs of segments: `$Number$` is the number of each. */
  readonly media: string;
  /** The number of the first one in the timeline. */
  readonly startNumber: number;
  /** Whether decoding can start with each segment in the timeline (SAP type 1, section 4.5.2). */
  readonly startsWithSap: boolean;
  readonly timeline: readonly DashSegment[];
}

/** Section 5.8.2: something said of a set, in the terms of a scheme. */
export interface DashDescriptor {
  readonly schemeIdUri: string;
  readonly value: string;
}

/** Section 5.3.3: representations between which a player may switch. */
export interface DashAdaptationSet {
  /** An unsigned integer; the same for the same set in every period. */
  readonly id: number;
  readonly contentType: 'video' | 'audio';
  readonly language: string | undefined;
  readonly label: string | undefined;
  /** What players may ignore that do not know it. */
  readonly supplemental: readonly DashDescriptor[];
  /** Events that its segments carry (`emsg`). */
  readonly events: readonly DashDescriptor[];
  /** Such as captions in its pictures. */
  readonly accessibility: readonly DashDescriptor[];
  readonly role: 'main' | 'alternate';
  readonly representations: readonly DashRepresentation[];
}

/** Section 5.3.2. */
export interface DashPeriod {
  readonly id: string;
  /** From the start of the presentation. */
  readonly startMs: number;
  /** Where that is in the times of its files. */
  readonly presentationTimeOffset: number;
  readonly adaptationSets: readonly DashAdaptationSet[];
}

/** Annex K: how far players should stay behind. */
interface DashLatency {
  readonly targetMs: number;
  readonly minMs: number;
  readonly maxMs: number;
}

/** Section 5.3.1. */
export interface DashManifest {
  /** Whether no version follows it. One that has a duration and is not static is of a presentation that is over, and that players ask for once more. */
  readonly isStatic: boolean;
  /** Milliseconds since 1970: what the times of periods are counted from. */
  readonly availabilityStartTimeMs: number;
  readonly publishTimeMs: number;
  /** How often a player should ask for what is new; undefined once nothing will be. */
  readonly minimumUpdatePeriodMs: number | undefined;
  /** How long the whole presentation is, once that is known. */
  readonly mediaPresentationDurationMs: number | undefined;
  readonly timeShiftBufferDepthMs: number;
  readonly minBufferTimeMs: number;
  readonly maxSegmentDurationMs: number;
  readonly latency: DashLatency;
  /** Where to ask for the next version, if that is elsewhere. */
  readonly location: string | undefined;
  /** URL of a clock, in the form of ISO 8601. */
  readonly utcTiming: string;
  readonly timescale: number;
  readonly periods: readonly DashPeriod[];
}

const PROFILES = 'urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019';
/** Section 5.8.5.7: a GET answers an xs:dateTime of ISO 8601. */
const HTTP_ISO_CLOCK = 'urn:mpeg:dash:utc:http-iso:2014';
/** Section 5.8.5.5. */
const ROLE = 'urn:mpeg:dash:role:2011';
/** Section 5.8.5.4. */
const CHANNEL_COUNT = 'urn:mpeg:dash:23003:3:audio_channel_configuration:2011';

type Attributes = Readonly<Record<string, string | number | undefined>>;

export function formatManifest(manifest: DashManifest): string {
  const { latency, location, minimumUpdatePeriodMs, mediaPresentationDurationMs: lengthMs } = manifest;
  const mpd: Attributes = {
    xmlns: 'urn:mpeg:dash:schema:mpd:2011',
    profiles: PROFILES,
    // The times of one that has ended stay those that it had: players go on to its end (section 5.3.1.2).
    type: manifest.isStatic ? 'static' : 'dynamic',
    availabilityStartTime: new Date(manifest.availabilityStartTimeMs).toISOString(),
    publishTime: new Date(manifest.publishTimeMs).toISOString(),
    minimumUpdatePeriod: minimumUpdatePeriodMs === undefined ? undefined : duration(minimumUpdatePeriodMs),
    mediaPresentationDuration: lengthMs === undefined ? undefined : duration(lengthMs),
    timeShiftBufferDepth: manifest.isStatic ? undefined : duration(manifest.timeShiftBufferDepthMs),
    suggestedPresentationDelay: duration(latency.targetMs),
    minBufferTime: duration(manifest.minBufferTimeMs),
    maxSegmentDuration: duration(manifest.maxSegmentDurationMs),
  };
  const { targetMs: target, minMs: min, maxMs: max } = latency;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    ...element('MPD', mpd, [
      ...(location === undefined ? [] : [`<Location>${escape(location)}</Location>`]),
      ...element('ServiceDescription', { id: 0 }, element('Latency', { target, min, max }, [])),
      ...manifest.periods.flatMap((period) => formatPeriod(period, manifest.timescale)),
      ...element('UTCTiming', { schemeIdUri: HTTP_ISO_CLOCK, value: manifest.utcTiming }, []),
    ]),
    '',
  ].join('\n');
}

function formatPeriod(period: DashPeriod, timescale: number): string[] {
  const { id, startMs, presentationTimeOffset, adaptationSets } = period;
  const sets = adaptationSets.flatMap((set) =>
    element(
      'AdaptationSet',
      {
        id: set.id,
        contentType: set.contentType,
        mimeType: `${set.contentType}/mp4`,
        lang: set.language,
        segmentAlignment: 'true',
      },
      [
        ...set.supplemental.flatMap((one) => descriptor('SupplementalProperty', one)),
        ...set.events.flatMap((one) => descriptor('InbandEventStream', one)),
        ...(set.label === undefined ? [] : [`<Label>${escape(set.label)}</Label>`]),
        ...set.accessibility.flatMap((one) => descriptor('Accessibility', one)),
        ...descriptor('Role', { schemeIdUri: ROLE, value: set.role }),
        ...set.representations.flatMap((one) => formatRepresentation(one, { timescale, presentationTimeOffset })),
      ],
    ),
  );
  return element('Period', { id, start: duration(startMs) }, sets);
}

const descriptor = (name: string, { schemeIdUri, value }: DashDescriptor): string[] =>
  element(name, { schemeIdUri, value }, []);

function formatRepresentation(one: DashRepresentation, times: Attributes): string[] {
  const { id, codecs, bandwidth, width, height, frameRate, channels, initialization, media, startNumber } = one;
  const channelCount = { schemeIdUri: CHANNEL_COUNT, value: channels };
  const timeline = formatTimeline(one.timeline);
  return element(
    'Representation',
    {
      id,
      codecs,
      bandwidth,
      width,
      height,
      frameRate: frameRate && fraction(frameRate),
      // Absent: nothing is promised (section 5.3.7.2).
      startWithSAP: one.startsWithSap ? 1 : undefined,
    },
    [
      ...(channels === undefined ? [] : element('AudioChannelConfiguration', channelCount, [])),
      ...element('SegmentTemplate', { ...times, initialization, media, startNumber }, [
        ...element('SegmentTimeline', {}, timeline),
      ]),
    ],
  );
}

/** Segments of equal lengths, one behind another, are one element. */
function formatTimeline(timeline: readonly DashSegment[]): string[] {
  const lines: string[] = [];
  for (let at = 0; at < timeline.length;) {
    const { time: t, duration: d } = timeline[at]!;
    let repeats = 0;
    for (let next = timeline[at + 1]; next?.duration === d; next = timeline[at + repeats + 1]) {
      if (next.time !== t + d * (repeats + 1)) break;
      repeats++;
    }
    lines.push(...element('S', { t, d, r: repeats === 0 ? undefined : repeats }, []));
    at += repeats + 1;
  }
  return lines;
}

/** xs:duration, exact to the millisecond. */
const duration = (ms: number): string => `PT${ms / 1_000}S`;

/** Section 5.3.7.2: a number, or a ratio of two. */
const fraction = (rate: number): string => (Number.isInteger(rate) ? String(rate) : `${Math.round(rate * 1_000)}/1000`);

function element(name: string, attributes: Attributes, children: readonly string[]): string[] {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escape(String(value))}"`)
    .join('');
  if (children.length === 0) return [`<${name}${written}/>`];
  return [`<${name}${written}>`, ...children.map((line) => `  ${line}`), `</${name}>`];
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
/** Control characters: XML 1.0 has no place for most of them (section 2.2). */
const CONTROL = /[\p{Cc}\ufffe\uffff]/gu;
const escape = (text: string): string =>
  text.replaceAll(CONTROL, '').replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
