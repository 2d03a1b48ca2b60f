// ISO/IEC 23009-1: what a manifest says, read by a parser that is not ours (Shaka Player's rules are tried in e2e/low-latency.e2e.ts).
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { formatManifest } from './manifest.ts';
import type { DashManifest, DashSegment } from './manifest.ts';

const representation = {
  id: 'video',
  codecs: 'avc1.64001f',
  bandwidth: 3_000_000,
  width: 1280,
  height: 720,
  frameRate: 29.97,
  channels: undefined,
  initialization: 'map-0.mp4?e=1&s=2',
  media: 'v$Number$.m4s?e=1&s=2',
  startNumber: 7,
  startsWithSap: true,
};
const manifest = (timeline: readonly DashSegment[], more: Partial<DashManifest> = {}): DashManifest => ({
  isStatic: false,
  availabilityStartTimeMs: 0,
  publishTimeMs: 1_795_000_004_000,
  minimumUpdatePeriodMs: 1_000,
  mediaPresentationDurationMs: undefined,
  timeShiftBufferDepthMs: 4_000,
  minBufferTimeMs: 2_000,
  maxSegmentDurationMs: 2_000,
  latency: { targetMs: 6_000, minMs: 5_000, maxMs: 10_000 },
  location: undefined,
  utcTiming: 'time',
  timescale: 90_000,
  periods: [
    {
      id: 'one',
      startMs: 1_795_000_000_123,
      presentationTimeOffset: 900_000,
      adaptationSets: [
        {
          id: 0,
          contentType: 'video',
          language: undefined,
          label: undefined,
          supplemental: [{ schemeIdUri: 'urn:mpeg:mpegB:cicp:TransferCharacteristics', value: '18' }],
          events: [{ schemeIdUri: 'https://aomedia.org/emsg/ID3', value: '' }],
          accessibility: [{ schemeIdUri: 'urn:scte:dash:cc:cea-608:2015', value: 'CC1' }],
          role: 'main',
          representations: [{ ...representation, timeline }],
        },
        {
          id: 1,
          contentType: 'audio',
          language: 'en',
          label: 'A & "B" <C>\u0001',
          supplemental: [],
          events: [],
          accessibility: [],
          role: 'alternate',
          representations: [
            {
              ...representation,
              id: 'audio',
              codecs: 'mp4a.40.2',
              channels: 2,
              width: undefined,
              height: undefined,
              frameRate: undefined,
              timeline,
            },
          ],
        },
      ],
    },
  ],
  ...more,
});
/** What Python's parser of XML finds: for each element its path and attributes. */
const READ = `
import sys, json, xml.etree.ElementTree as tree
def walk(node, path):
    name = node.tag.split('}')[1]
    yield [path + name, dict(node.attrib), (node.text or '').strip()]
    for child in node: yield from walk(child, path + name + '/')
print(json.dumps(list(walk(tree.fromstring(sys.stdin.buffer.read()), ''))))`;
type Element = [path: string, attributes: Readonly<Record<string, string>>, text: string];
const read = (text: string): Element[] =>
  JSON.parse(execFileSync('python3', ['-c', READ], { input: text }).toString()) as Element[];
const linesOf = (text: string): string[] => text.match(/<S [^>]*>/g) ?? [];

describe('a manifest', () => {
  it('says what a player needs, in XML that another parser reads', () => {
    const elements = read(formatManifest(manifest([{ time: 900_000, duration: 180_000 }], { location: 'a?b=1&c=2' })));
    const of = (path: string) => elements.filter(([each]) => each === path);
    expect(of('MPD')[0]?.[1]).toMatchObject({
      type: 'dynamic',
      availabilityStartTime: '1970-01-01T00:00:00.000Z',
      publishTime: '2026-11-18T11:06:44.000Z',
      minimumUpdatePeriod: 'PT1S',
      suggestedPresentationDelay: 'PT6S',
      timeShiftBufferDepth: 'PT4S',
    });
    expect(of('MPD/Location')[0]?.[2]).toBe('a?b=1&c=2');
    expect(of('MPD/ServiceDescription/Latency')[0]?.[1]).toEqual({ target: '6000', min: '5000', max: '10000' });
    expect(of('MPD/UTCTiming')[0]?.[1]['value']).toBe('time');
    expect(of('MPD/Period')[0]?.[1]).toEqual({ id: 'one', start: 'PT1795000000.123S' });
    const [video, audio] = of('MPD/Period/AdaptationSet/Representation').map(([, attributes]) => attributes);
    expect(video).toEqual({
      id: 'video',
      codecs: 'avc1.64001f',
      bandwidth: '3000000',
      width: '1280',
      height: '720',
      frameRate: '29970/1000',
      startWithSAP: '1',
    });
    expect(audio).toEqual({ id: 'audio', codecs: 'mp4a.40.2', bandwidth: '3000000', startWithSAP: '1' });
    expect(of('MPD/Period/AdaptationSet').map(([, { id }]) => id)).toEqual(['0', '1']);
    // In the order of the schema (sections 5.3.3.3 and 5.3.7.3), whose sequences are fixed.
    const inVideo = elements.slice(elements.findIndex(([path]) => path === 'MPD/Period/AdaptationSet') + 1);
    expect(inVideo.slice(0, 5).map(([path, { value }]) => [path.split('/').at(-1), value])).toEqual([
      ['SupplementalProperty', '18'],
      ['InbandEventStream', ''],
      ['Accessibility', 'CC1'],
      ['Role', 'main'],
      ['Representation', undefined],
    ]);
    expect(of('MPD/Period/AdaptationSet/Role').map(([, { value }]) => value)).toEqual(['main', 'alternate']);
    expect(of('MPD/Period/AdaptationSet/Label')[0]?.[2]).toBe('A & "B" <C>');
    expect(of('MPD/Period/AdaptationSet/Representation/AudioChannelConfiguration')[0]?.[1]['value']).toBe('2');
    expect(of('MPD/Period/AdaptationSet/Representation/SegmentTemplate')[0]?.[1]).toEqual({
      timescale: '90000',
      presentationTimeOffset: '900000',
      initialization: 'map-0.mp4?e=1&s=2',
      media: 'v$Number$.m4s?e=1&s=2',
      startNumber: '7',
    });
  });

  it('writes equal segments, one behind another, as one line, and no others', () => {
    const times = [0, 10, 20, 31, 41, 46];
    const timeline = times.map((time, index) => ({ time, duration: index === 4 ? 5 : 10 }));
    const lines = linesOf(formatManifest(manifest(timeline)));
    const half = lines.slice(0, lines.length / 2);
    expect(half).toEqual(['<S t="0" d="10" r="2"/>', '<S t="31" d="10"/>', '<S t="41" d="5"/>', '<S t="46" d="10"/>']);
  });

  it('of a presentation that is over asks for no update, and says how long it is', () => {
    const over = { isStatic: true, minimumUpdatePeriodMs: undefined, mediaPresentationDurationMs: 1_795_000_004_000 };
    const [[, attributes]] = read(formatManifest(manifest([{ time: 0, duration: 1 }], over))) as [Element];
    expect(attributes['type']).toBe('static');
    for (const name of ['minimumUpdatePeriod', 'timeShiftBufferDepth']) expect(attributes[name]).toBeUndefined();
    expect(attributes['mediaPresentationDuration']).toBe('PT1795000004S');
  });

  it('may have a duration before it is static', () => {
    const closing = { mediaPresentationDurationMs: 1_795_000_004_000 };
    const [[, attributes]] = read(formatManifest(manifest([{ time: 0, duration: 1 }], closing))) as [Element];
    expect(attributes).toMatchObject({
      type: 'dynamic',
      minimumUpdatePeriod: 'PT1S',
      timeShiftBufferDepth: 'PT4S',
      mediaPresentationDuration: 'PT1795000004S',
    });
  });

  it('promises no place to start where there is none', () => {
    const text = formatManifest(manifest([{ time: 0, duration: 1 }]));
    expect(text).toContain('startWithSAP="1"');
    expect(text).not.toMatch(/<AdaptationSet[^>]*startWithSAP/);
    const one = manifest([{ time: 0, duration: 1 }]);
    const periods = one.periods.map((period) => ({
      ...period,
      adaptationSets: period.adaptationSets.map((set) => ({
        ...set,
        representations: set.representations.map((representation) => ({ ...representation, startsWithSap: false })),
      })),
    }));
    expect(formatManifest({ ...one, periods })).not.toContain('startWithSAP');
  });
});
