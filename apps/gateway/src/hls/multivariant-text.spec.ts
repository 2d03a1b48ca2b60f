import { parseMultivariantPlaylist } from '@millrace/protocol/hls/testing';
import type { StreamDescription } from '@millrace/live-store';
import { describe, expect, it } from 'vitest';
import { multivariantText } from './multivariant-text.ts';

const DESCRIPTION: StreamDescription = {
  codecs: ['avc1.64001f'],
  width: 1280,
  height: 720,
  frameRate: 30,
  peakBitsPerSecond: 3_000_000,
  averageBitsPerSecond: 2_500_000,
};
const read = (captions?: StreamDescription['captions']) => {
  const text = multivariantText(captions === undefined ? DESCRIPTION : { ...DESCRIPTION, captions });
  const { renditions, variants } = parseMultivariantPlaylist(text);
  return { group: variants[0]!.closedCaptions, instreamIds: renditions.map(({ instreamId }) => instreamId) };
};

describe('captions in the multivariant playlist', () => {
  it('are declared for every variant of a stream with low latency', () => {
    const text = multivariantText({ ...DESCRIPTION, captions: ['cea608'] }, ['video', 'audio']);
    const { variants, renditions } = parseMultivariantPlaylist(text);
    expect(variants.length).toBeGreaterThan(1);
    expect(variants.map(({ closedCaptions }) => closedCaptions)).toEqual(variants.map(() => 'captions'));
    expect(renditions.filter(({ type }) => type === 'CLOSED-CAPTIONS').map(({ instreamId }) => instreamId)).toEqual([
      'CC1',
    ]);
  });

  it('are declared as the pictures carry them', () => {
    expect(read(['cea608'])).toEqual({ group: 'captions', instreamIds: ['CC1'] });
    expect(read(['cea708'])).toEqual({ group: 'captions', instreamIds: ['SERVICE1'] });
    expect(read(['cea608', 'cea708'])).toEqual({ group: 'captions', instreamIds: ['CC1', 'SERVICE1'] });
  });

  it('are not denied where none were seen, also by a description of an older release', () => {
    expect(read([])).toEqual({ group: undefined, instreamIds: [] });
    expect(read()).toEqual({ group: undefined, instreamIds: [] });
  });
});

it('the range of brightness is named where the pictures say it', () => {
  const ranges = (description: StreamDescription) =>
    parseMultivariantPlaylist(multivariantText(description)).variants.map(({ videoRange }) => videoRange);
  expect(ranges({ ...DESCRIPTION, videoRange: 'PQ' })).toEqual(['PQ']);
  expect(ranges(DESCRIPTION)).toEqual([undefined]);
});

describe('a stream with low latency in the multivariant playlist', () => {
  const both: StreamDescription = { ...DESCRIPTION, codecs: ['avc1.64001f', 'mp4a.40.2'] };

  it('has its sound by the name and the language that its tenant gave it', () => {
    const sound = { name: 'audio', kind: 'audio', track: 0, codec: 'mp4a.40.2', state: 'listed' } as const;
    const named = { ...sound, peakBitsPerSecond: 1, averageBitsPerSecond: 1, label: 'Deutsch', language: 'de' };
    const { renditions } = parseMultivariantPlaylist(
      multivariantText({ ...both, renditions: [named] }, ['video', 'audio']),
    );
    expect(renditions.map(({ name, language }) => [name, language])).toEqual([
      ['Deutsch', 'de'],
      ['Deutsch', 'de'],
    ]);
  });

  it('is there with parts first, and as MPEG-TS with the same attributes, so that no player adapts between the two', () => {
    const { variants, renditions } = parseMultivariantPlaylist(multivariantText(both, ['video', 'audio']));
    const [{ uri, score, audio, ...attributes }, { uri: _, score: __, audio: ___, ...muxedAttributes }] = [
      variants[0]!,
      variants[1]!,
    ];
    expect(attributes).toEqual(muxedAttributes);
    expect([uri, audio]).toEqual(['video.m3u8', 'audio']);
    expect([variants[1]!.uri, variants[1]!.audio]).toEqual(['index.m3u8', 'muxed']);
    expect(score).toBeGreaterThan(variants[1]!.score!);
    expect(renditions.map(({ type, groupId, uri }) => [type, groupId, uri])).toEqual([
      ['AUDIO', 'audio', 'audio.m3u8'],
      ['AUDIO', 'muxed', undefined],
    ]);
  });

  it('has no groups of sound where it has pictures or sound alone', () => {
    for (const [name, codecs] of [
      ['video', ['avc1.64001f']],
      ['audio', ['mp4a.40.2']],
    ] as const) {
      const { variants, renditions } = parseMultivariantPlaylist(multivariantText({ ...DESCRIPTION, codecs }, [name]));
      expect(variants.map(({ uri, audio }) => [uri, audio])).toEqual([
        [`${name}.m3u8`, undefined],
        ['index.m3u8', undefined],
      ]);
      expect(renditions).toEqual([]);
    }
  });

  it.each([
    ['nothing', ['av01.0.04M.08', 'fLaC'], []],
    ['the sound alone', ['av01.0.04M.08', 'Opus'], ['Opus']],
    ['the pictures alone', ['avc1.64001f', 'fLaC'], ['avc1.64001f']],
  ])('is CMAF alone, with all of its codecs, where MPEG-TS has %s', (_, codecs, segmentCodecs) => {
    const description = { ...DESCRIPTION, codecs, segmentCodecs };
    const { variants, renditions } = parseMultivariantPlaylist(multivariantText(description, ['video', 'audio']));
    expect(variants.map(({ uri, audio, codecs: named }) => [uri, audio, named])).toEqual([
      ['video.m3u8', 'audio', codecs],
    ]);
    expect(renditions.map(({ groupId, uri }) => [groupId, uri])).toEqual([['audio', 'audio.m3u8']]);
  });

  it('has the codecs of MPEG-TS where that is what is asked for', () => {
    const description = { ...DESCRIPTION, codecs: ['avc1.64001f', 'fLaC'], segmentCodecs: ['avc1.64001f'] };
    const { variants } = parseMultivariantPlaylist(multivariantText(description));
    expect(variants.map(({ uri, codecs }) => [uri, codecs])).toEqual([['index.m3u8', ['avc1.64001f']]]);
  });

  it('is MPEG-TS alone with MP3, which browsers do not all take from CMAF, unless MPEG-TS lacks the pictures', () => {
    const uris = (description: StreamDescription) =>
      parseMultivariantPlaylist(multivariantText(description, ['video', 'audio'])).variants.map(({ uri }) => uri);
    const mp3 = 'mp4a.40.34';
    expect(uris({ ...DESCRIPTION, codecs: ['avc1.64001f', mp3] })).toEqual(['index.m3u8']);
    expect(uris({ ...DESCRIPTION, codecs: ['av01.0.04M.08', mp3], segmentCodecs: [mp3] })).toEqual(['video.m3u8']);
  });

  it('is MPEG-TS alone where a track has no place in CMAF', () => {
    const { variants } = parseMultivariantPlaylist(multivariantText(both, ['video']));
    expect(variants.map(({ uri, score }) => [uri, score])).toEqual([['index.m3u8', undefined]]);
  });
});
