// Tracks of pictures in the order that segments are cut by, however the encoder mixes them.
import { Codec, FrameFlag, FrameKind } from '@millrace/domain';
import { describe, expect, it } from 'vitest';
import { MAX_WAITING_FRAMES, TrackOrder } from './track-order.ts';
import type { UnplacedFrame } from './track-order.ts';

const STEP_90K = 3_000;
const EMPTY = new Uint8Array(0);

/** A picture: `0K60` is a keyframe of track 0 at picture 60. */
function picture(name: string): UnplacedFrame {
  const [, track, key, at] = /^(\d)(K?)(-?[\d.]+)$/.exec(name)!;
  const flag = track === '0' ? FrameFlag.keyframe : FrameFlag.trackStart;
  return {
    kind: FrameKind.video,
    codec: Codec.h264,
    flags: key === 'K' ? flag : 0,
    dts90k: Number(at) * STEP_90K,
    compositionOffset90k: 0,
    payload: EMPTY,
    ...(track !== '0' && { track: Number(track) }),
  };
}
const nameOf = ({ track = 0, flags, dts90k }: UnplacedFrame): string =>
  `${track}${flags === 0 ? '' : 'K'}${dts90k / STEP_90K}`;

function ordered(names: string, isOver = true): string {
  const put: string[] = [];
  const order = new TrackOrder((frame) => put.push(nameOf(frame)));
  for (const name of names.split(' ')) {
    const frame = picture(name);
    if (name.startsWith('0')) order.addFirst(frame);
    else order.addFurther(frame);
  }
  if (isOver) order.flush();
  return put.join(' ');
}

describe('the order of several tracks', () => {
  it.each([
    ['is that of their arrival where they come by time', '0K0 1K0 2K0 01 11 21 0K2 1K2 2K2 03 13 23'],
    ['is that of their arrival at another frame rate', '0K0 1K0 01 02 12 03 0K4 1K4 05'],
  ])('%s', (_, names) => {
    expect(ordered(names, false)).toBe(names);
  });

  it.each([
    [
      'a further one that is ahead waits for the first one',
      '0K0 1K0 11 01 1K2 13 0K2 03',
      '0K0 1K0 01 11 0K2 1K2 03 13',
    ],
    [
      'a keyframe waits for what belongs before it',
      '0K0 1K0 2K0 01 0K2 03 11 21 1K2 2K2',
      '0K0 1K0 2K0 01 11 21 0K2 03 1K2 2K2',
    ],
    [
      'a keyframe one picture early belongs behind that of the first one',
      '0K0 1K0 01 11 1K2 02 0K3 13',
      '0K0 1K0 01 11 02 0K3 1K2 13',
    ],
  ])('%s', (_, names, expected) => {
    expect(ordered(names)).toBe(expected);
  });

  it('does not wait for a track that has stopped', () => {
    const pictures = Array.from({ length: 60 }, (_, i) => `0${i}`).slice(1);
    const names = `0K0 1K0 ${pictures.join(' ')} 0K60 061`;
    expect(ordered(names, false)).toBe(names);
  });

  it('waits no longer than 200 ms for one that is behind, and goes on without the first one after half a second', () => {
    expect(ordered('0K0 1K0 01 11 02 03 0K4 05 06 07 08 09 010', false)).toBe(
      '0K0 1K0 01 11 02 03 0K4 05 06 07 08 09 010',
    );
    const ahead = Array.from({ length: 20 }, (_, i) => `1${i + 1}`);
    expect(ordered(`0K0 1K0 ${ahead.join(' ')}`, false).split(' ').length).toBeGreaterThan(15);
  });

  it('keeps no more frames than its limit', () => {
    const put: string[] = [];
    const order = new TrackOrder((frame) => put.push(nameOf(frame)));
    order.addFirst(picture('0K0'));
    const count = 3 * MAX_WAITING_FRAMES;
    for (let i = 0; i < count; i++) order.addFurther({ ...picture('11'), dts90k: 4_500 });
    expect(count - put.length).toBeLessThan(MAX_WAITING_FRAMES);
  });
});
