import { describe, expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import type { TsPacketHeader } from './testing/index.ts';
import { decodeTsPacketHeader, encodeTsPacketHeader } from './testing/index.ts';

const header: TsPacketHeader = {
  transportError: false,
  payloadUnitStart: false,
  priority: false,
  pid: 0x100,
  scramblingControl: 0,
  adaptationControl: 1,
  continuityCounter: 0,
};

/** ISO/IEC 13818-1 section 2.4.3.2. */
const CASES: readonly [string, string, TsPacketHeader][] = [
  ['payload only', '47010010', header],
  ['start of a unit', '47410011', { ...header, payloadUnitStart: true, continuityCounter: 1 }],
  ['adaptation field and payload', '4701003f', { ...header, adaptationControl: 3, continuityCounter: 15 }],
  ['adaptation field only', '47010020', { ...header, adaptationControl: 2 }],
  ['null packet', '471fff10', { ...header, pid: 0x1fff }],
  ['damaged and urgent', '47a10010', { ...header, transportError: true, priority: true }],
  ['scrambled with the odd key', '470100d0', { ...header, scramblingControl: 3 }],
];

describe('transport packet header', () => {
  it.each(CASES)('%s is read', (_name, bytes, expected) => {
    expect(decodeTsPacketHeader(Buffer.concat([hex(bytes), Buffer.alloc(184)]))).toEqual(expected);
  });

  it.each(CASES)('%s is written', (_name, expected, fields) => {
    expect(encodeTsPacketHeader(fields)).toEqual(hex(expected));
  });

  it('without its sync byte is refused', () => {
    expect(faultOf(() => decodeTsPacketHeader(Buffer.alloc(188)))).toBe('mpegts.packet.sync');
  });

  it('every truncation of the packet is refused', () => {
    const packet = Buffer.concat([hex('47010010'), Buffer.alloc(184)]);
    for (let length = 0; length < 188; length++) {
      expect(faultOf(() => decodeTsPacketHeader(packet.subarray(0, length)))).toBe('ended-early');
    }
    expect(faultOf(() => decodeTsPacketHeader(packet, 1))).toBe('ended-early');
    expect(faultOf(() => decodeTsPacketHeader(packet, 500))).toBe('ended-early');
  });
});
