// Hostile AMF, case by case; each test is named after its entry in the project's catalogue of bad input.
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeAmf3, propertiesOf } from '../amf3/index.ts';
import { ProtocolError } from '../bytes/index.ts';
import { record } from '../testing/amf-record.ts';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import { AmfEcmaArray, decodeAmf0, encodeAmf0 } from './index.ts';

const connect = encodeAmf0(
  'connect',
  1,
  record({ app: 'live', tcUrl: 'rtmp://h/live', capabilities: [1, true] }),
  null,
);

function nested(opening: string, levels: number, inside: string, closing = ''): Buffer {
  return Buffer.concat([
    Buffer.concat(new Array<Buffer>(levels).fill(hex(opening))),
    hex(inside),
    Buffer.concat(new Array<Buffer>(levels).fill(hex(closing))),
  ]);
}

describe('AMF0 under attack', () => {
  afterEach(() => {
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
  });

  it('every truncation of a connect command decodes to fewer values or a typed error', () => {
    for (let length = 0; length < connect.length; length++) {
      const fault = faultOf(() => expect(decodeAmf0(connect.subarray(0, length)).length).toBeLessThan(4));
      expect([undefined, 'ended-early']).toContain(fault);
    }
  });

  it('every flipped bit of a connect command decodes or is a typed error', () => {
    for (let bit = 0; bit < connect.length * 8; bit++) {
      const flipped = Buffer.from(connect);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      try {
        inspect(decodeAmf0(flipped), { depth: 40 });
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }
  });

  describe('nesting', () => {
    const big = { maxDepth: 32, maxBytes: 4_000_000 };
    it.each<[string, string, string, string]>([
      ['strict arrays', '0a 00000001', '05', ''],
      ['objects', '03 0001 61', '05', '0000 09'],
      ['ECMA arrays', '08 00000001 0001 61', '05', '0000 09'],
      ['typed objects', '10 0001 43 0001 61', '05', '0000 09'],
    ])('%s up to 32 levels and no more', (_name, opening, inside, closing) => {
      for (const levels of [31, 32]) {
        expect(faultOf(() => decodeAmf0(nested(opening, levels, inside, closing)))).toBeUndefined();
      }
      for (const levels of [33, 8_000, 200_000]) {
        expect(faultOf(() => decodeAmf0(nested(opening, levels, inside, closing), big))).toBe('amf.too-deep');
      }
    });

    it('counts levels through the switch to AMF3', () => {
      const inside = (levels: number): string => `11 ${'09 03 01 '.repeat(levels)} 01`;
      expect(faultOf(() => decodeAmf0(nested('0a 00000001', 20, inside(12))))).toBeUndefined();
      expect(faultOf(() => decodeAmf0(nested('0a 00000001', 20, inside(13))))).toBe('amf.too-deep');
    });
  });

  it('counts that promise more than there is end early, without allocating for them', () => {
    expect(faultOf(() => decodeAmf0(hex('0a ffffffff')))).toBe('ended-early');
    expect(faultOf(() => decodeAmf0(hex('0a 7fffffff 05')))).toBe('ended-early');
    expect(decodeAmf0(hex('08 ffffffff 0000 09'))).toEqual([new AmfEcmaArray(record({}))]);
  });

  it('lengths that promise more than there is end early', () => {
    expect(faultOf(() => decodeAmf0(hex('02 ffff 41')))).toBe('ended-early');
    expect(faultOf(() => decodeAmf0(hex('0c ffffffff')))).toBe('ended-early');
    expect(faultOf(() => decodeAmf0(hex('0f 7fffffff 41')))).toBe('ended-early');
  });

  it('invalid UTF-8 becomes replacement characters; NUL stays a character', () => {
    expect(decodeAmf0(hex('02 0002 c328'))).toEqual(['\ufffd(']);
    expect(decodeAmf0(hex('02 0003 eda080'))).toEqual(['\ufffd\ufffd\ufffd']);
    expect(decodeAmf0(hex('02 0003 610062'))).toEqual(['a\0b']);
  });

  it('numbers that are no numbers are handed on as they are', () => {
    expect(decodeAmf0(hex('00 7ff8000000000000 00 fff0000000000000 00 0000000000000001'))).toEqual([
      NaN,
      -Infinity,
      5e-324,
    ]);
  });

  it.each([
    ['to nothing', '07 0000', 'amf.unknown-reference'],
    ['out of range', '03 0000 09 07 ffff', 'amf.unknown-reference'],
    ['to what is no object', '02 0001 61 07 0000', 'amf.unknown-reference'],
    ['to the object around it', '03 0001 61 07 0000 0000 09', 'amf.circular-reference'],
    ['to the array around the object around it', '0a 00000001 03 0001 61 07 0000 0000 09', 'amf.circular-reference'],
  ])('a reference %s is refused, so nothing is circular', (_name, bytes, code) => {
    expect(faultOf(() => decodeAmf0(hex(bytes)))).toBe(code);
  });

  it('__proto__, constructor and prototype are dropped, with what they hold', () => {
    const values = decodeAmf0(hex('03 0009 5f5f70726f746f5f5f 03 0007 697341646d696e 01 01 000009 000009'));
    expect(values).toEqual([record({})]);
    expect(Object.getPrototypeOf(values[0])).toBeNull();
    expect(decodeAmf0(encodeAmf0({ constructor: 1, prototype: 2, ok: 3 }))).toEqual([record({ ok: 3 })]);
  });

  it('names of inherited properties are plain keys; the last of equal keys holds', () => {
    const names = ['toString', 'then', 'hasOwnProperty', 'length', 'valueOf'];
    const [value] = decodeAmf0(encodeAmf0(Object.fromEntries(names.map((name) => [name, name]))));
    expect(propertiesOf(value)).toEqual(record(Object.fromEntries(names.map((name) => [name, name]))));
    expect(decodeAmf0(hex('03 0001 61 01 00 0001 61 01 01 0000 09'))).toEqual([record({ a: true })]);
    // An empty key is a key, as long as no end marker follows it.
    expect(decodeAmf0(hex('03 0000 05 0000 09'))).toEqual([record({ '': null })]);
  });

  it('a hundred thousand keys are bounded by the size of the input', () => {
    const many = encodeAmf0(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, null])));
    expect(faultOf(() => decodeAmf0(many))).toBe('amf.too-large');
    expect(Object.keys(propertiesOf(decodeAmf0(many, { maxDepth: 32, maxBytes: 1e7 })[0]) ?? {})).toHaveLength(100_000);
  });

  it('objects without an end, and ends without an object', () => {
    expect(faultOf(() => decodeAmf0(hex('03 0001 61 05')))).toBe('ended-early');
    expect(faultOf(() => decodeAmf0(hex('03 0001 61 05 0000')))).toBe('ended-early');
    expect(decodeAmf0(hex('03 0000 09 05'))).toEqual([record({}), null]);
    expect(faultOf(() => decodeAmf0(hex('03 0009 09')))).toBe('ended-early');
    expect(faultOf(() => decodeAmf0(hex('09')))).toBe('amf.unexpected-object-end');
    expect(faultOf(() => decodeAmf0(hex('03 0001 61 09')))).toBe('amf.unexpected-object-end');
  });

  it('reserved and unknown markers are refused; a date may be NaN', () => {
    const unknown = [0x04, 0x0e, ...Array.from({ length: 0xff - 0x11 }, (_, i) => 0x12 + i)];
    for (const marker of unknown) expect(faultOf(() => decodeAmf0(Buffer.of(marker)))).toBe('amf.unknown-marker');
    expect(decodeAmf0(hex('0d'))).toEqual([undefined]);
    expect(decodeAmf0(hex('0b 7ff8000000000000 0000'))).toEqual([expect.objectContaining({ timeMs: NaN })]);
    const xml = Buffer.concat([hex('0f 00100000'), Buffer.alloc(0x100000, 'x')]);
    expect(faultOf(() => decodeAmf0(xml))).toBe('amf.too-large');
  });

  it('metadata above the size limit is refused before it is read', () => {
    expect(faultOf(() => decodeAmf0(Buffer.alloc(0x10001)))).toBe('amf.too-large');
    expect(faultOf(() => decodeAmf3(Buffer.alloc(0x10001)))).toBe('amf.too-large');
  });

  it.each(['02 30 30', '03 00 00', '08 30 30 30 30 00 00 30', '0a 30 30 30 30', '01', '03', '08', '0a'])(
    'short input %s that has broken other decoders is a typed error',
    (bytes) => {
      expect(['ended-early', 'amf.unknown-marker']).toContain(faultOf(() => decodeAmf0(hex(bytes))));
    },
  );
});

describe('AMF3 under attack', () => {
  it.each<[string, string, string]>([
    ['an integer cut in four', '04 ffffff', 'ended-early'],
    ['an unknown marker', '12', 'amf.unknown-marker'],
    ['a string reference to nothing', '06 00', 'amf.unknown-reference'],
    ['a string reference out of range', '06 fffffffe', 'amf.unknown-reference'],
    ['an object reference to nothing', '0a 00', 'amf.unknown-reference'],
    ['an array reference out of range', '09 fffffffe', 'amf.unknown-reference'],
    ['a date reference to nothing', '08 00', 'amf.unknown-reference'],
    ['a traits reference to nothing', '0a 01', 'amf.unknown-reference'],
    ['externalizable traits', '0a 07 03 41', 'amf.externalizable-refused'],
    ['traits with 2^24 sealed members', '0a ffffffe3 01', 'ended-early'],
    ['a dense array of 2^28', '09 ffffffff 01', 'ended-early'],
    ['a byte array of 2^28', '0c ffffffff', 'ended-early'],
    ['a vector of int of 2^28', '0d ffffffff 00', 'ended-early'],
    ['a vector of uint of 2^28', '0e ffffffff 00', 'ended-early'],
    ['a vector of double of 2^28', '0f ffffffff 00', 'ended-early'],
    ['a vector of objects of 2^28', '10 ffffffff 00 01', 'ended-early'],
    ['a dictionary of 2^28', '11 ffffffff 00', 'ended-early'],
    ['a dictionary that is its own key', '11 03 00 11 00', 'amf.circular-reference'],
    ['an object that holds itself', '0a 0b 01 03 61 0a 00 01', 'amf.circular-reference'],
    ['33 levels', '09 03 01 '.repeat(33), 'amf.too-deep'],
  ])('%s', (_name, bytes, code) => {
    expect(faultOf(() => decodeAmf3(hex(bytes)))).toBe(code);
  });

  it('string references cannot multiply a long text beyond the size limit', () => {
    const text = 'x'.repeat(8_000);
    const head = Buffer.concat([hex('09 87 69 01 06 fd 01'), Buffer.alloc(8_000 - 0, 'x')]);
    expect(text).toHaveLength(8_000);
    // An array of 500: the text (head fd 01 stands for 8000 * 2 + 1), then references to it.
    const attack = Buffer.concat([head, Buffer.concat(new Array<Buffer>(499).fill(hex('06 00')))]);
    expect(faultOf(() => decodeAmf3(attack))).toBe('amf.too-large');
  });

  it('sealed and dynamic members named __proto__ are dropped', () => {
    // Sealed __proto__: null; dynamic constructor: true.
    const sealed = hex(
      `0a 1b 01 13 ${Buffer.from('__proto__').toString('hex')} 01 17 ${Buffer.from('constructor').toString('hex')} 03 01`,
    );
    const value = decodeAmf3(sealed);
    expect(value).toEqual(record({}));
    expect(Object.getPrototypeOf(value)).toBeNull();
  });
});
