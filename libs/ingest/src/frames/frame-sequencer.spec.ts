import { Codec, FrameFlag, FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { beforeEach, describe, expect, it } from 'vitest';
import { AUDIO_KEYFRAME_INTERVAL_90K, VIDEO_GONE_90K } from './audio-keyframes.ts';
import { FrameSequencer } from './frame-sequencer.ts';
import {
  HELD_LEAD_90K,
  HOLD_AUDIO_90K,
  DEFAULT_TRACK_WAIT_90K,
  MAX_HELD_BYTES,
  MAX_HELD_FRAMES,
} from './held-frames.ts';

const EPOCH = 1_700_000_000_000;
const AAC_FRAME_90K = 1_920;
const bytes = (...values: number[]) => Uint8Array.from(values);
const videoConfiguration = { codec: Codec.h264, payload: bytes(1) };
const audioConfiguration = { codec: Codec.aac, payload: bytes(2) };

/** A frame in one word: `V` video, `A` audio, `D` data, `E` end; `c` configuration, `k` keyframe, `d` discontinuity. */
function word({ kind, flags }: Frame): string {
  const letter = { [FrameKind.video]: 'V', [FrameKind.audio]: 'A', [FrameKind.data]: 'D', [FrameKind.end]: 'E' }[kind];
  const mark = (flag: number, text: string) => ((flags & flag) === 0 ? '' : text);
  return (
    letter +
    mark(FrameFlag.configuration, 'c') +
    mark(FrameFlag.keyframe, 'k') +
    mark(FrameFlag.discontinuity, 'd') +
    mark(FrameFlag.unpublished, 'u')
  );
}

describe('FrameSequencer', () => {
  let frames: Frame[];
  let accept: boolean;
  let sequencer: FrameSequencer;
  const words = () => frames.map(word).join(' ');
  const key = (dts: number) => sequencer.video(Codec.h264, FrameFlag.keyframe, dts, 0, bytes(9));
  const inter = (dts: number) => sequencer.video(Codec.h264, 0, dts, 0, bytes(8));
  const audio = (dts: number, flags = 0) => sequencer.audio(Codec.aac, flags, dts, bytes(7));
  const data = (dts: number) => sequencer.data(dts, bytes(6));

  beforeEach(() => {
    frames = [];
    accept = true;
    sequencer = new FrameSequencer(EPOCH, {
      publish: (frame) => {
        frames.push(frame);
        return accept;
      },
    });
  });

  it('numbers frames from 1 in their epoch', () => {
    sequencer.videoConfiguration = videoConfiguration;
    key(0);
    inter(3_600);
    expect(frames.map(({ epoch, sequence }) => [epoch, sequence])).toEqual([1, 2, 3].map((n) => [EPOCH, n]));
  });

  it('puts both configurations before every keyframe, also unchanged ones', () => {
    sequencer.videoConfiguration = videoConfiguration;
    sequencer.audioConfiguration = audioConfiguration;
    key(0);
    audio(0);
    inter(3_600);
    key(7_200);
    expect(words()).toBe('Vc Ac Vk A V Vc Ac Vk');
    expect(frames[5]).toMatchObject({ dts90k: 7_200, codec: Codec.h264, payload: bytes(1) });
    expect(frames[6]).toMatchObject({ dts90k: 7_200, codec: Codec.aac, payload: bytes(2) });
  });

  describe('that begins another epoch', () => {
    let later: Frame[];
    const restart = () => {
      later = [];
      sequencer.restart(EPOCH + 1, { publish: (frame) => later.push(frame) > 0 });
    };

    it('has the configurations that it knows before the next keyframe, and numbers from 1', () => {
      sequencer.videoConfiguration = videoConfiguration;
      sequencer.audioConfiguration = audioConfiguration;
      key(0);
      audio(0);
      restart();
      expect(sequencer.needsRandomAccess).toBe(true);
      inter(3_600);
      audio(7_200);
      key(7_200);
      inter(10_800);
      expect(words()).toBe('Vc Ac Vk A');
      expect(later.map(word).join(' ')).toBe('Vc Ac Vk A V');
      expect(later.map(({ epoch, sequence }) => [epoch, sequence])).toEqual([1, 2, 3, 4, 5].map((n) => [EPOCH + 1, n]));
    });

    it('goes on without video soon where there was none', () => {
      sequencer.audioConfiguration = audioConfiguration;
      sequencer.expectVideo(false);
      for (let i = 0; i <= 60; i++) audio(i * 1_920);
      expect(frames.length).toBeGreaterThan(0);
      restart();
      for (let i = 61; i <= 120; i++) audio(i * 1_920);
      expect(later.map(word).slice(0, 2)).toEqual(['Ac', 'Ak']);
    });
  });

  it('publishes nothing before the first keyframe, and loses nothing that came before it', () => {
    data(0);
    sequencer.audioConfiguration = audioConfiguration;
    sequencer.videoConfiguration = videoConfiguration;
    audio(0);
    inter(0);
    audio(AAC_FRAME_90K);
    expect(frames).toEqual([]);
    key(3_600);
    audio(3_840);
    expect(words()).toBe('Vc Ac Vk D A A A');
  });

  it('tells an audio configuration that comes or changes between keyframes before the next audio frame', () => {
    sequencer.videoConfiguration = videoConfiguration;
    key(0);
    sequencer.audioConfiguration = audioConfiguration;
    audio(100);
    audio(200);
    sequencer.audioConfiguration = { codec: Codec.aac, payload: bytes(3) };
    audio(300);
    expect(words()).toBe('Vc Vk Ac A A Ac A');
  });

  it('keeps a video configuration that comes between keyframes for the next one', () => {
    sequencer.videoConfiguration = videoConfiguration;
    key(0);
    sequencer.videoConfiguration = { codec: Codec.h264, payload: bytes(4) };
    inter(3_600);
    key(7_200);
    expect(words()).toBe('Vc Vk V Vc Vk');
    expect(frames[3]!.payload).toEqual(bytes(4));
  });

  it('has no configuration for a codec without one', () => {
    sequencer.audioConfiguration = undefined;
    sequencer.expectVideo(false);
    for (let dts = 0; dts < 2 * HOLD_AUDIO_90K; dts += AAC_FRAME_90K) sequencer.audio(Codec.mp3, 0, dts, bytes(5));
    expect(words()).toMatch(/^Ak A /);
  });

  describe('without video', () => {
    const seconds = (count: number) => count * 90_000;
    const run = (from: number, to: number) => {
      for (let dts = from; dts < to; dts += AAC_FRAME_90K) audio(dts);
    };

    it('begins after a second, with the first frame, and marks a keyframe about once a second', () => {
      sequencer.expectVideo(false);
      sequencer.audioConfiguration = audioConfiguration;
      run(0, HOLD_AUDIO_90K);
      expect(frames).toEqual([]);
      run(HOLD_AUDIO_90K, seconds(10));
      expect(frames[0]).toMatchObject({ flags: FrameFlag.configuration, dts90k: 0 });
      const keyframes = frames.filter(({ flags }) => flags === FrameFlag.keyframe).map(({ dts90k }) => dts90k);
      expect(keyframes[0]).toBe(0);
      expect(keyframes).toHaveLength(10);
      for (let i = 1; i < keyframes.length; i++) {
        const distance = keyframes[i]! - keyframes[i - 1]!;
        expect(distance).toBeGreaterThanOrEqual(AUDIO_KEYFRAME_INTERVAL_90K);
        expect(distance).toBeLessThan(AUDIO_KEYFRAME_INTERVAL_90K + AAC_FRAME_90K);
      }
      expect(words()).toMatch(/^(Ac Ak( A)+ ?)+$/);
      expect(frames.filter(({ flags }) => flags !== FrameFlag.configuration)).toHaveLength(Math.ceil(900_000 / 1_920));
    });

    it.each<[string, () => void]>([
      ['has announced itself', () => (sequencer.videoConfiguration = videoConfiguration)],
      ['the encoder has named', () => sequencer.expectVideo(true)],
      ['an encoder that names nothing may send', () => undefined],
    ])('waits longer for video that %s', (_, announce) => {
      announce();
      sequencer.audioConfiguration = audioConfiguration;
      run(0, DEFAULT_TRACK_WAIT_90K);
      expect(frames).toEqual([]);
      audio(DEFAULT_TRACK_WAIT_90K);
      expect(words()).toMatch(/^Ac Ak A/);
      expect(frames[1]!.dts90k).toBe(0);
    });

    it('waits no longer than it is set to', () => {
      sequencer = new FrameSequencer(EPOCH, { publish: (frame) => frames.push(frame) > 0 }, 45_000);
      audio(0);
      audio(44_999);
      expect(frames).toEqual([]);
      audio(45_000);
      expect(words()).toBe('Ak A A');
    });

    it('begins with late video, and with what was heard right before it', () => {
      sequencer.expectVideo(true);
      sequencer.audioConfiguration = audioConfiguration;
      run(0, seconds(8));
      sequencer.videoConfiguration = videoConfiguration;
      key(seconds(8));
      expect(words()).toMatch(/^Vc Ac Vk( A)+$/);
      const heard = frames.slice(3).map(({ dts90k }) => seconds(8) - dts90k);
      expect(Math.max(...heard)).toBeLessThanOrEqual(HELD_LEAD_90K);
      expect(Math.max(...heard)).toBeGreaterThan(HELD_LEAD_90K - AAC_FRAME_90K);
    });

    it('waits for no more than a bounded number of frames, and of bytes', () => {
      for (let i = 0; i < MAX_HELD_FRAMES; i++) audio(0);
      expect(frames).toEqual([]);
      audio(0);
      expect(frames).toHaveLength(MAX_HELD_FRAMES + 1);
      frames = [];
      sequencer = new FrameSequencer(EPOCH, { publish: (frame) => frames.push(frame) > 0 });
      const large = new Uint8Array(MAX_HELD_BYTES / 2);
      for (let i = 0; i < 3; i++) sequencer.audio(Codec.aac, 0, 0, large);
      expect(frames).toHaveLength(3);
    });

    it('publishes what it has held when the stream ends', () => {
      audio(0);
      sequencer.end(0, false);
      expect(words()).toBe('Ak E');
    });

    it('has no audio keyframes any more once video begins', () => {
      sequencer.audioConfiguration = audioConfiguration;
      run(0, seconds(2));
      sequencer.videoConfiguration = videoConfiguration;
      frames = [];
      key(seconds(2));
      run(seconds(2), seconds(6));
      expect(words()).toMatch(/^Vc Ac Vk( A)+$/);
    });

    it('has audio keyframes again when video is gone, without its configuration, and takes video back', () => {
      sequencer.videoConfiguration = videoConfiguration;
      sequencer.audioConfiguration = audioConfiguration;
      key(0);
      run(0, VIDEO_GONE_90K);
      expect(words()).not.toContain('Ak');
      frames = [];
      run(VIDEO_GONE_90K, VIDEO_GONE_90K + seconds(3));
      expect(words()).toMatch(/^(A )*Ac Ak( A)+ Ac Ak/);
      frames = [];
      inter(VIDEO_GONE_90K + seconds(3));
      expect(words()).toBe('');
      key(VIDEO_GONE_90K + seconds(3));
      run(VIDEO_GONE_90K + seconds(3), VIDEO_GONE_90K + seconds(5));
      expect(words()).toMatch(/^Vc Ac Vk( A)+$/);
    });

    it('does not take a pause of audio, or of both, for video that is gone', () => {
      sequencer.videoConfiguration = videoConfiguration;
      sequencer.audioConfiguration = audioConfiguration;
      key(0);
      audio(0);
      for (const pause of [1, 2, 3]) audio(pause * VIDEO_GONE_90K);
      inter(3 * VIDEO_GONE_90K);
      expect(words()).toBe('Vc Ac Vk A A A A V');
    });

    it('does not take a constant distance between audio and video for silence', () => {
      sequencer.videoConfiguration = videoConfiguration;
      for (let dts = 0; dts < seconds(20); dts += AAC_FRAME_90K) {
        if (dts === 0) key(0);
        else inter(dts);
        audio(dts + seconds(9));
      }
      expect(words()).not.toContain('Ak');
    });
  });

  describe('sound that comes after pictures', () => {
    it('joins in the first group of pictures', () => {
      sequencer.videoConfiguration = videoConfiguration;
      key(0);
      inter(3_600);
      sequencer.audioConfiguration = audioConfiguration;
      expect(audio(3_600)).toBe(true);
      expect(words()).toBe('Vc Vk V Ac A');
    });

    it('waits for the next one later, so that the program that gains it starts with a keyframe', () => {
      sequencer.videoConfiguration = videoConfiguration;
      key(0);
      key(180_000);
      sequencer.audioConfiguration = audioConfiguration;
      expect(audio(190_000)).toBe(false);
      key(360_000);
      expect(audio(361_000)).toBe(true);
      expect(words()).toBe('Vc Vk Vc Vk Vc Ac Vk A');
    });

    it('does not wait for ever', () => {
      sequencer.videoConfiguration = videoConfiguration;
      key(0);
      key(180_000);
      sequencer.audioConfiguration = audioConfiguration;
      expect(audio(190_000)).toBe(false);
      expect(audio(190_000 + DEFAULT_TRACK_WAIT_90K)).toBe(true);
    });
  });

  it('keeps the mark of a jump', () => {
    sequencer.videoConfiguration = videoConfiguration;
    sequencer.video(Codec.h264, FrameFlag.keyframe, 0, 0, bytes(9));
    audio(10, FrameFlag.discontinuity);
    sequencer.video(Codec.h264, FrameFlag.keyframe | FrameFlag.discontinuity, 20, 0, bytes(9));
    expect(words()).toBe('Vc Vk Ad Vc Vkd');
  });

  it('ends an epoch that never had media with its end alone', () => {
    data(0);
    inter(0);
    sequencer.end(0, true);
    expect(words()).toBe('Eu');
    expect(frames[0]).toMatchObject({ sequence: 1, payload: bytes() });
  });

  it('says when the bus wants no more', () => {
    sequencer.videoConfiguration = videoConfiguration;
    key(0);
    expect(sequencer.accepting).toBe(true);
    accept = false;
    inter(1);
    expect(sequencer.accepting).toBe(false);
  });
});
