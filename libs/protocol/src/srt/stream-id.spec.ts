import { describe, expect, it } from 'vitest';
import { parseStreamId } from './stream-id.ts';

describe('a stream id', () => {
  it.each([
    ['#!::r=live/key,m=publish', { mode: 'publish', resource: 'live/key', user: undefined }],
    ['#!::m=publish,u=me,r=key,t=stream', { mode: 'publish', resource: 'key', user: 'me' }],
    ['#!::r=room', { mode: 'request', resource: 'room', user: undefined }],
    ['publish:key', { mode: 'publish', resource: 'key', user: undefined }],
    ['request:room', { mode: 'request', resource: 'room', user: undefined }],
    ['publish%3Akey', { mode: 'publish', resource: 'key', user: undefined }],
    ['%23!::r=key,m=publish', { mode: 'publish', resource: 'key', user: undefined }],
    ['play:room', { mode: 'request', resource: 'room', user: undefined }],
    ['#!::', { mode: 'request', resource: '', user: undefined }],
  ])('is read: %s', (text, meant) => {
    expect(parseStreamId(text)).toEqual({
      ...meant,
      parameters: new Map(text.includes('t=stream') ? [['t', 'stream']] : []),
    });
  });

  it.each([
    ['publish:key?backup=1', { backup: '1' }],
    ['publish:key%3Fbackup%3D1%26other', { backup: '1', other: '' }],
    ['#!::m=publish,backup=1,r=key', { backup: '1' }],
    ['%23!::r=key,m=publish,backup=1', { backup: '1' }],
  ])('has parameters: %s', (text, parameters) => {
    expect(parseStreamId(text)).toEqual({
      mode: 'publish',
      resource: 'key',
      user: undefined,
      parameters: new Map(Object.entries(parameters)),
    });
  });

  it('is read as it came where a percent sign encodes nothing', () => {
    expect(parseStreamId('publish:100%')?.resource).toBe('100%');
  });

  it.each(['', 'key', '%zz', 'read:key', '#!::r=key,m=bidirectional', '#!:r=key'])('is not understood: %s', (text) => {
    expect(parseStreamId(text)).toBeUndefined();
  });
});
