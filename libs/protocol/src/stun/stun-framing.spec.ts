import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import { encodeChannelData, MAX_RFC5766_CHANNEL_NUMBER, MAX_STREAM_UNIT_BYTES, StunFraming } from './index.ts';
import type { StunFramingOptions } from './index.ts';
import { rawAttribute, rawMessage } from './testing/raw-message.ts';

const BINDING = rawMessage([rawAttribute(0x8022, Buffer.from('abc'))]);
const DATA = encodeChannelData(0x4001, Buffer.from('hello'), true);
const EMPTY = encodeChannelData(0x4002, Buffer.alloc(0), true);
const LONG = encodeChannelData(0x4003, Buffer.alloc(1000, 3), true);
const STREAM = Buffer.concat([BINDING, DATA, EMPTY, BINDING, LONG, rawMessage()]);
const UNITS = [
  ['stun', BINDING],
  ['channel-data', DATA],
  ['channel-data', EMPTY],
  ['stun', BINDING],
  ['channel-data', LONG],
  ['stun', rawMessage()],
] as const;

/** Pushes the pieces and collects the units, with everything that the caller would still hold. */
function units(pieces: readonly Buffer[], options?: StunFramingOptions): (readonly [string, Buffer])[] {
  const framing = new StunFraming(options);
  const collected: (readonly [string, Buffer])[] = [];
  for (const piece of pieces) {
    framing.push(piece);
    for (let unit = framing.next(); unit !== undefined; unit = framing.next()) collected.push([unit.kind, unit.bytes]);
  }
  return collected;
}

describe('framing', () => {
  it('cuts a stream that comes in one piece', () => {
    expect(units([STREAM])).toEqual(UNITS);
  });

  it('gives the same wherever the stream is cut in two', () => {
    for (let at = 1; at < STREAM.length; at++) {
      expect(units([STREAM.subarray(0, at), STREAM.subarray(at)])).toEqual(UNITS);
    }
  });

  it('gives the same when every byte comes alone', () => {
    expect(units(Array.from(STREAM, (byte) => Buffer.of(byte)))).toEqual(UNITS);
  });

  it('gives the same however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: STREAM.length }), { maxLength: 30 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), STREAM.length];
        expect(units(at.slice(1).map((end, i) => STREAM.subarray(at[i], end)))).toEqual(UNITS);
      }),
    );
  });

  it('does not write to units that it gave out', () => {
    const framing = new StunFraming();
    framing.push(DATA.subarray(0, 7));
    framing.push(Buffer.concat([DATA.subarray(7), EMPTY.subarray(0, 2)]));
    const first = framing.next()!;
    framing.push(Buffer.concat([EMPTY.subarray(2), BINDING.subarray(0, 5)]));
    expect(framing.next()!.bytes).toEqual(EMPTY);
    framing.push(BINDING.subarray(5));
    expect(framing.next()!.bytes).toEqual(BINDING);
    expect(first.bytes).toEqual(DATA);
  });

  it('takes what is pushed before the last piece was used up', () => {
    const framing = new StunFraming();
    framing.push(Buffer.from(BINDING));
    framing.push(Buffer.from(DATA));
    expect([framing.next()?.bytes, framing.next()?.bytes, framing.next()]).toEqual([BINDING, DATA, undefined]);
  });

  it.each([
    ['a TLS hello', '16030100', 'stun.framing.not-stun'],
    ['HTTP POST', '504f5354', 'stun.framing.not-stun'],
    ['a channel of RFC 5766', '50000000', 'stun.framing.not-stun'],
    ['0xffff', 'ffffffff', 'stun.framing.not-stun'],
    ['a STUN length that is no multiple of four', '00010001', 'stun.framing.length'],
  ])('%s ends the stream at once', (_name, bytes, code) => {
    expect(faultOf(() => units([hex(bytes)]))).toBe(code);
  });

  it('takes channels of RFC 5766 for who serves its clients', () => {
    const old = hex('7fff 0001 ff000000');
    expect(units([old], { maxChannelNumber: MAX_RFC5766_CHANNEL_NUMBER })).toEqual([['channel-data', old]]);
  });

  it('refuses the first byte already, without waiting for a length', () => {
    expect(faultOf(() => units([hex('16')]))).toBe('stun.framing.not-stun');
  });

  it('HTTP GET is ChannelData to who may send some, and ends the stream of others', () => {
    expect(units([Buffer.from('GET / HTTP/1.1\r\n\r\n')])).toEqual([]);
    expect(faultOf(() => units([Buffer.from('GET / HTTP/1.1\r\n\r\n')], { channelData: false }))).toBe(
      'stun.framing.not-stun',
    );
  });

  it('gives the messages before a fault, then the fault again and again', () => {
    const framing = new StunFraming();
    framing.push(Buffer.concat([BINDING, hex('ffffffff')]));
    expect(framing.next()?.bytes).toEqual(BINDING);
    expect(faultOf(() => framing.next())).toBe('stun.framing.not-stun');
    expect(faultOf(() => framing.next())).toBe('stun.framing.not-stun');
  });

  it('refuses a unit above the limit as soon as it is announced', () => {
    expect(units([BINDING], { maxUnitBytes: BINDING.length })).toEqual([['stun', BINDING]]);
    const code = faultOf(() => units([BINDING.subarray(0, 4)], { maxUnitBytes: BINDING.length - 1 }));
    expect(code).toBe('stun.framing.too-long');
  });

  it('takes the longest of both kinds', () => {
    const message = rawMessage([rawAttribute(0x0013, Buffer.alloc(0xfffc - 4))]);
    const data = encodeChannelData(0x4000, Buffer.alloc(0xffff), true);
    expect(Math.max(message.length, data.length)).toBe(MAX_STREAM_UNIT_BYTES);
    expect(units([message, data]).map(([, bytes]) => bytes.length)).toEqual([message.length, data.length]);
  });

  it('holds what came and not what was announced', () => {
    const framing = new StunFraming();
    framing.push(hex('4000ffff'));
    for (let i = 0; i < 10; i++) framing.push(Buffer.of(i));
    expect(framing.next()).toBeUndefined();
    expect(framing.heldBytes).toBe(14);
    expect(framing.takeRest().buffer.byteLength).toBeLessThanOrEqual(64);
  });

  it('garbage never makes it hold more than a unit', () => {
    const garbage = fc.uint8Array({ minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(fc.array(garbage, { maxLength: 50 }), (pieces) => {
        const framing = new StunFraming({ maxUnitBytes: 1000 });
        // What begins like STUN gets further than other garbage.
        framing.push(hex('0001'));
        const code = faultOf(() => {
          for (const piece of pieces) {
            framing.push(Buffer.from(piece));
            while (framing.next() !== undefined);
            expect(framing.heldBytes).toBeLessThan(1000);
          }
        });
        if (code !== undefined) expect(code).toMatch(/^stun\.framing\./);
      }),
    );
  });

  it('hands over what follows, for a connection that now carries data (RFC 6062)', () => {
    const framing = new StunFraming();
    framing.push(Buffer.concat([BINDING, Buffer.from('\x16 data of a peer')]));
    expect(framing.next()?.bytes).toEqual(BINDING);
    expect(framing.takeRest().toString()).toBe('\x16 data of a peer');
    expect([framing.heldBytes, framing.next()]).toEqual([0, undefined]);
  });
});
