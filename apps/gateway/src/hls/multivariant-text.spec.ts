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
