import { describe, expect, it } from 'vitest';
import { compare } from './compare.ts';
import { checkComparer, SelfCheckFailed } from './self-check.ts';
import { SAMPLE_PUBLISHED, sampleRecording } from './testing/sample-recording.ts';

const sample = sampleRecording();

describe('the self-check of the comparer', () => {
  it('passes with the one that is used', () => {
    expect(() => checkComparer(SAMPLE_PUBLISHED, sample)).not.toThrow();
  });

  it.each([
    ['lost', /a picture that was removed/],
    ['repeated', /a picture that is repeated/],
    ['cameBack', /a playlist that came back/],
  ] as const)('fails with one that never finds anything in %s', (blind, message) => {
    const blinded: typeof compare = (published, recording) => ({ ...compare(published, recording), [blind]: [] });
    expect(() => checkComparer(SAMPLE_PUBLISHED, sample, blinded)).toThrow(message);
  });

  it('fails with one that does not look at bytes that are served again', () => {
    const blinded: typeof compare = (published, recording) =>
      compare(published, { ...recording, segments: recording.segments.slice(0, sample.segments.length) });
    expect(() => checkComparer(SAMPLE_PUBLISHED, sample, blinded)).toThrow(/other bytes/);
  });

  it('fails where nothing was recorded: a comparison of nothing says nothing', () => {
    expect(() => checkComparer(SAMPLE_PUBLISHED, { playlists: [], segments: [] })).toThrow(SelfCheckFailed);
  });
});
