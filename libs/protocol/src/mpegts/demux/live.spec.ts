// What the demuxer makes of streams that come over networks: damaged, cut anywhere, from encoders of all kinds.
import { describe, expect, it } from 'vitest';
import { hex } from '../../testing/hex.ts';
import { muxSegment, SoundSplitter, streamFormatOf, TsDemuxer } from '../index.ts';
import type { TsEvent } from '../index.ts';
import { both, noise, pictures, sounds } from '../testing/synthetic.ts';

const { bytes } = muxSegment(both, [...pictures(3, 400), ...sounds(4, 100)]);
const NONE = Buffer.alloc(0);

/** Everything of a stream, with the codes of what was damaged. */
function read(stream: Uint8Array): { readonly events: TsEvent[]; readonly damage: string[] } {
  const damage: string[] = [];
  const demuxer = new TsDemuxer({ damaged: ({ code }, pid) => void damage.push(`${code} ${pid?.toString(16)}`) });
  return { events: [...demuxer.push(stream), ...demuxer.end()], damage };
}
const pictureCount = (events: readonly TsEvent[]) =>
  events.filter((event) => event.type === 'pes' && event.pid === 0x100).length;
const changed = (at: number, value: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = value;
  return copy;
};

describe('a demuxer that is told of damage', () => {
  it.each<[string, Buffer, string, number]>([
    ['a sync byte', changed(3 * 188, 0), 'mpegts.packet.sync undefined', 2],
    ['a packet that is marked as damaged', changed(3 * 188 + 1, 0x81), 'mpegts.packet.unusable 100', 2],
    ['a map', changed(188 + 20, 0xff), 'mpegts.section.crc 1000', 0],
    ['half a packet at the end', bytes.subarray(0, bytes.length - 1), 'mpegts.packet.cut undefined', 2],
  ])('reads on behind %s', (_, stream, code, count) => {
    const { events, damage } = read(stream);
    expect(damage).toContain(code);
    expect(pictureCount(events)).toBe(count);
  });

  it('finds packets again behind bytes of another kind', () => {
    const { events, damage } = read(Buffer.concat([Buffer.alloc(50, 1), Buffer.of(0x47), Buffer.alloc(99, 1), bytes]));
    expect(damage).not.toEqual([]);
    expect(pictureCount(events)).toBe(3);
  });

  it('keeps of other streams nothing, and of each no more than it is told', () => {
    const damage: string[] = [];
    const demuxer = new TsDemuxer({
      follow: ({ pid }) => (pid === 0x100 ? 300 : undefined),
      damaged: ({ code }) => void damage.push(code),
      clock: false,
    });
    const events = [...demuxer.push(bytes), ...demuxer.end()];
    expect(events.map(({ type }) => type)).toEqual(['program']);
    expect(damage).toEqual(Array.from({ length: 3 }, () => 'mpegts.pes.too-large'));
  });

  it('puts nothing together over a gap that it is told of', () => {
    const demuxer = new TsDemuxer({ damaged: () => undefined, clock: false });
    const events = [...demuxer.push(bytes.subarray(0, 3 * 188))];
    demuxer.interrupt();
    events.push(...demuxer.push(bytes.subarray(4 * 188)), ...demuxer.end());
    expect(events.filter(({ type }) => type === 'continuity')).toEqual([]);
    expect(pictureCount(events)).toBe(2);
  });
});

describe('an elementary stream', () => {
  it.each<[string, number, string, object | undefined]>([
    ['H.264', 0x1b, '', { kind: 'video', codec: 'h264' }],
    ['H.265', 0x24, '050448455643', { kind: 'video', codec: 'h265' }],
    ['AAC', 0x0f, '', { kind: 'audio', codec: 'aac' }],
    ['AC-3 of ATSC', 0x81, '', { kind: 'audio', codec: 'ac3' }],
    ['AC-3 of DVB', 0x06, '6a0100', { kind: 'audio', codec: 'ac3' }],
    ['E-AC-3 of DVB', 0x06, '0a04656e67007a0100', { kind: 'audio', codec: 'eac3' }],
    ['Opus', 0x06, '05044f7075737f028006', { kind: 'audio', codec: 'opus', channels: 6 }],
    ['Opus without its channels', 0x06, '05044f707573', { kind: 'audio', codec: 'opus', channels: undefined }],
    ['AV1', 0x06, '050441563031', { kind: 'video', codec: undefined, name: 'AV1 in MPEG-TS' }],
    ['AAC in LATM', 0x11, '', { kind: 'audio', codec: undefined, name: 'AAC in LATM' }],
    ['MPEG-2 video', 0x02, '', { kind: 'video', codec: undefined, name: 'MPEG-2 video' }],
    ['subtitles', 0x06, '5908656e671000010001', undefined],
    ['ID3 tags', 0x15, '', undefined],
    ['a descriptor that is cut', 0x06, '05ff4f70', undefined],
  ])('is known by its type and its descriptors: %s', (_, streamType, descriptors, format) => {
    expect(streamFormatOf({ streamType, pid: 0x101, descriptors: hex(descriptors) })).toEqual(format);
  });
});

/** AAC-LC, 48 kHz, stereo, in ADTS. */
function adtsFrame(size: number, seed: number): Buffer {
  const frame = Buffer.concat([hex('fff14c80000000'), noise(size - 7, seed)]);
  frame[3] = 0x80 | (size >> 11);
  frame[4] = (size >> 3) & 0xff;
  frame[5] = ((size & 7) << 5) | 0x1f;
  frame[6] = 0xfc;
  return frame;
}

describe('frames of sound', () => {
  const FRAMES = [adtsFrame(100, 1), adtsFrame(300, 2), adtsFrame(50, 3)];
  const WHOLE = Buffer.concat(FRAMES);
  const split = (codec: 'aac' | 'opus', packets: readonly (readonly [Buffer, number | undefined])[]) => {
    const frames: [Buffer, number | undefined][] = [];
    const faults: string[] = [];
    const splitter = new SoundSplitter(codec, {
      frame: (frame, pts) => void frames.push([Buffer.from(frame), pts]),
      lost: ({ code }) => faults.push(code) > 0,
    });
    for (const [data, pts] of packets) splitter.push(data, pts);
    return { frames, faults };
  };

  it('may be cut anywhere; the time of a packet is that of the first frame that begins in it', () => {
    for (let cut = 1; cut < WHOLE.length; cut++) {
      const { frames, faults } = split('aac', [
        [WHOLE.subarray(0, cut), 10],
        [WHOLE.subarray(cut), 20],
      ]);
      expect(faults).toEqual([]);
      expect(frames.map(([frame]) => frame)).toEqual(FRAMES);
      const begins = [0, 100, 400].findIndex((at) => at >= cut);
      const times = [10, undefined, undefined].map((time, index) => (index === begins ? 20 : time));
      expect(frames.map(([, time]) => time)).toEqual(times);
    }
  });

  it('are found again behind bytes of another kind', () => {
    const { frames, faults } = split('aac', [[Buffer.concat([Buffer.alloc(40, 3), WHOLE]), 10]]);
    expect(faults).toEqual(['aac.adts.sync']);
    expect(frames.map(([frame]) => frame)).toEqual(FRAMES);
  });

  it('are not looked for without end', () => {
    const { frames, faults } = split('aac', [[Buffer.concat([Buffer.alloc(4_000, 0xff), WHOLE]), 10]]);
    expect([frames, faults.length]).toEqual([[], 1]);
  });

  it.each([
    ['alone', '7fe003'],
    ['with samples to leave out at the start', '7ff0030138'],
    ['with samples to leave out at the end', '7fe8030138'],
    ['with an extension', '7fe403020000'],
  ])('of Opus are behind a header: %s', (_, header) => {
    const packet = hex('fc0102');
    const { frames, faults } = split('opus', [[Buffer.concat([hex(header), packet, hex('7fe001fc')]), 10]]);
    expect(faults).toEqual([]);
    expect(frames).toEqual([
      [packet, 10],
      [hex('fc'), undefined],
    ]);
  });

  it('of no bytes are none', () => {
    expect(split('opus', [[NONE, 10]])).toEqual({ frames: [], faults: [] });
  });
});
