import { describe, expect, it } from 'vitest';
import { faultOf } from '../../testing/protocol-fault.ts';
import type { TsEvent } from '../testing/index.ts';
import { muxSegment } from '../index.ts';
import { encodePat, encodePmt, readTransportStream, TsDemuxer } from '../testing/index.ts';
import { both, pictures, sounds } from '../testing/synthetic.ts';

const { bytes } = muxSegment(both, [...pictures(3, 400), ...sounds(4, 100)]);
const whole = (stream: Uint8Array): TsEvent[] => {
  const demuxer = new TsDemuxer();
  return [...demuxer.push(stream), ...demuxer.end()];
};
const events = whole(bytes);
const without = (index: number): Buffer =>
  Buffer.concat([bytes.subarray(0, index * 188), bytes.subarray((index + 1) * 188)]);
const changed = (at: number, value: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = value;
  return copy;
};

/** Packets of one PID that carry `content` after a pointer_field, cut at `size` bytes each. */
function sectionPackets(pid: number, content: Buffer, size: number): Buffer {
  const packets: Buffer[] = [];
  for (let at = 0; at < content.length; at += size) {
    const part = content.subarray(at, at + size);
    const packet = Buffer.alloc(188, 0xff);
    packet[0] = 0x47;
    packet.writeUInt16BE((at === 0 ? 0x4000 : 0) | pid, 1);
    packet[3] = 0x30 | (packets.length & 15);
    // An adaptation field makes the payload exactly as long as the part.
    packet[4] = 183 - part.length;
    if (packet[4] > 0) packet[5] = 0;
    part.copy(packet, 188 - part.length);
    packets.push(packet);
  }
  return Buffer.concat(packets);
}

describe('demuxer', () => {
  it('gives tables, clocks and PES packets in the order of the stream', () => {
    const names = events.map((event) => (event.type === 'pes' ? `pes ${event.pid.toString(16)}` : event.type));
    expect(names[0]).toBe('program');
    expect(names.filter((name) => name === 'pcr')).toHaveLength(3);
    expect(names.filter((name) => name === 'pes 100')).toHaveLength(3);
    expect(names.filter((name) => name === 'pes 101')).toHaveLength(1);
  });

  it('gives the same, cut at every byte', () => {
    for (let cut = 0; cut <= bytes.length; cut += 7) {
      const demuxer = new TsDemuxer();
      const found = [...demuxer.push(bytes.subarray(0, cut)), ...demuxer.push(bytes.subarray(cut)), ...demuxer.end()];
      expect(found).toEqual(events);
    }
    const demuxer = new TsDemuxer();
    const found = [...bytes].flatMap((byte) => demuxer.push(Buffer.from([byte])));
    expect([...found, ...demuxer.end()]).toEqual(events);
  });

  it('sees lost, repeated and reordered packets', () => {
    const continuity = (stream: Buffer): TsEvent[] => whole(stream).filter((event) => event.type === 'continuity');
    const video = bytes.subarray(3 * 188, 4 * 188);
    expect(continuity(bytes)).toEqual([]);
    expect(continuity(without(3))).toEqual([{ type: 'continuity', pid: 0x100, expected: 1, found: 2 }]);
    const left = whole(without(3)).filter((event) => event.type === 'pes' && event.pid === 0x100);
    expect(left).toEqual(events.filter((event) => event.type === 'pes' && event.pid === 0x100).slice(1));
    const repeated = Buffer.concat([bytes.subarray(0, 4 * 188), video, bytes.subarray(4 * 188)]);
    expect(continuity(repeated)).toHaveLength(1);
    expect(whole(repeated).filter((event) => event.type === 'pes')).toEqual(
      events.filter((event) => event.type === 'pes'),
    );
  });

  it('reads sections that are cut over packets or share one', () => {
    const pat = encodePat({
      transportStreamId: 1,
      version: 0,
      current: true,
      programs: [{ programNumber: 1, pid: 0x20 }],
    });
    const map = {
      programNumber: 1,
      version: 0,
      current: true,
      pcrPid: 0x1fff,
      descriptors: Buffer.alloc(300, 1),
      streams: [],
    };
    const pmt = encodePmt(map);
    for (const size of [1, 2, 3, 50, 183]) {
      const stream = Buffer.concat([
        sectionPackets(0, Buffer.concat([Buffer.from([0]), pat]), 183),
        sectionPackets(0x20, Buffer.concat([Buffer.from([0]), pmt, encodePmt({ ...map, version: 1 })]), size),
      ]);
      const programs = whole(stream).flatMap((event) => (event.type === 'program' ? [event.program.version] : []));
      expect(programs).toEqual([0, 1]);
    }
  });

  it.each<[string, Buffer, string]>([
    ['a lost sync byte', changed(188, 0), 'mpegts.packet.sync'],
    ['a damaged packet', changed(1, 0xc0), 'mpegts.packet.unusable'],
    ['a scrambled packet', changed(3, 0x90), 'mpegts.packet.unusable'],
    ['the reserved adaptation control', changed(3, 0x00), 'mpegts.packet.unusable'],
    ['a broken PAT', changed(10, 0xff), 'mpegts.section.crc'],
    ['a pointer out of the packet', changed(4, 200), 'mpegts.section.pointer'],
    ['an adaptation field out of the packet', changed(2 * 188 + 4, 184), 'mpegts.adaptation.length'],
    ['half a packet at the end', bytes.subarray(0, bytes.length - 1), 'mpegts.packet.cut'],
  ])('refuses %s', (_name, stream, code) => {
    expect(faultOf(() => whole(stream))).toBe(code);
  });

  it('follows as many programs and streams as the limit and no more', () => {
    const programs = (count: number): Buffer =>
      encodePat({
        transportStreamId: 1,
        version: 0,
        current: true,
        programs: Array.from({ length: count }, (_, index) => ({ programNumber: index + 1, pid: 0x20 + index })),
      });
    const streams = (count: number): Buffer =>
      encodePmt({
        programNumber: 1,
        version: 0,
        current: true,
        pcrPid: 0x1fff,
        descriptors: Buffer.alloc(0),
        streams: Array.from({ length: count }, (_, index) => ({
          streamType: 0x0f,
          pid: 0x100 + index,
          descriptors: Buffer.alloc(0),
        })),
      });
    const stream = (pat: Buffer, pmt: Buffer): Buffer =>
      Buffer.concat([
        sectionPackets(0, Buffer.concat([Buffer.from([0]), pat]), 183),
        sectionPackets(0x20, Buffer.concat([Buffer.from([0]), pmt]), 183),
      ]);
    expect(whole(stream(programs(64), streams(64))).map(({ type }) => type)).toEqual(['program']);
    expect(faultOf(() => whole(stream(programs(65), streams(1))))).toBe('mpegts.pat.too-many');
    expect(faultOf(() => whole(stream(programs(1), streams(65))))).toBe('mpegts.pmt.too-many');
  });

  it('keeps no more of a PES packet than it is told', () => {
    const demuxer = new TsDemuxer({ follow: () => 300 });
    expect(faultOf(() => demuxer.push(bytes))).toBe('mpegts.pes.too-large');
  });

  it('gives what is there of a stream that ends early', () => {
    for (let packets = 0; packets < bytes.length / 188; packets++) {
      const fault = faultOf(() => whole(bytes.subarray(0, packets * 188)));
      expect([undefined, 'ended-early']).toContain(fault);
    }
  });
});

describe('readTransportStream', () => {
  it('refuses an audio frame that is cut by its PES packet', () => {
    const audio = muxSegment({ ...both, video: undefined }, sounds(1, 100)).bytes;
    const at = audio.length - 100 - 7 + 4;
    const longer = Buffer.from(audio);
    longer[at] = longer[at]! + 1;
    expect(faultOf(() => readTransportStream(longer))).toBe('ended-early');
  });
});
