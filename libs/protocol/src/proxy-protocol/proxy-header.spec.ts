// The headers are written by hand from section 2.2 of the specification; the reader's own encoder would prove nothing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import { crc32c, decodeProxyHeader, MAX_PROXY_HEADER_BYTES, ProxyHeaderReader } from './index.ts';
import type { ProxyHeader } from './index.ts';

const SIGNATURE = '0d0a0d0a000d0a515549540a';
const header = (text: string): Buffer => hex(SIGNATURE + text);
const ipv4 = (address: string, port: number) => ({ address, port });

const TCP4 = header('21 11 000c c0000207 cb007105 d903 078f');
const TCP6 = header('21 21 0024 20010db8000000000000000000000001 20010db8000000000000000000000002 0050 078f');
/** With NOOP, AUTHORITY and the checksum, which was computed by another program. */
const WITH_TLVS = (() => {
  const bytes = header(
    '21 11 0025 c0000207 cb007105 d903 078f 04 0003 000000 02 0009 6578616d706c652e78 03 0004 00000000',
  );
  bytes.writeUInt32BE(0x1e0b56f5, bytes.length - 4);
  return bytes;
})();

const TABLE: readonly (readonly [string, Buffer, ProxyHeader])[] = [
  [
    'TCP over IPv4',
    TCP4,
    { command: 'proxy', source: ipv4('192.0.2.7', 55_555), destination: ipv4('203.0.113.5', 1935) },
  ],
  [
    'TCP over IPv6',
    TCP6,
    { command: 'proxy', source: ipv4('2001:db8::1', 80), destination: ipv4('2001:db8::2', 1935) },
  ],
  ['LOCAL, as health checks send it', header('20 00 0000'), { command: 'local' }],
  ['LOCAL with an address block, to be skipped', header('20 11 0003 ffffff'), { command: 'local' }],
  ['no family, with something to skip', header('21 00 0002 ffff'), { command: 'proxy', source: undefined }],
  ['UDP over IPv4', header('21 12 000c 0102030405060708090a0b0c'), { command: 'proxy', source: undefined }],
  ['a socket of the file system', header(`21 31 00d8 ${'61'.repeat(216)}`), { command: 'proxy', source: undefined }],
];

describe('a PROXY header of version 2', () => {
  it.each(TABLE)('says %s', (_name, bytes, meaning) => {
    expect(decodeProxyHeader(bytes)).toEqual(meaning);
    expect(new ProxyHeaderReader().push(Buffer.concat([bytes, hex('03aabb')]))).toEqual({
      header: meaning,
      rest: hex('03aabb'),
    });
  });

  it('has TLVs that are skipped, and a checksum that holds', () => {
    expect(decodeProxyHeader(WITH_TLVS)).toEqual(TABLE[0]![2]);
  });

  it.each([
    ['proxy.version-1', Buffer.from('PROXY TCP4 192.0.2.7 203.0.113.5 55555 1935\r\n')],
    ['proxy.signature', Buffer.from('POST / HTTP/1.1\r\n')],
    ['proxy.signature', hex('03' + '00'.repeat(40))],
    ['proxy.version', header('11 11 000c c0000207 cb007105 d903 078f')],
    ['proxy.command', header('22 11 000c c0000207 cb007105 d903 078f')],
    ['proxy.family', header('21 13 000c c0000207 cb007105 d903 078f')],
    ['ended-early', header('21 11 0004 c0000207')],
    ['ended-early', header('21 11 000e c0000207 cb007105 d903 078f 0400')],
    ['ended-early', header('21 11 0010 c0000207 cb007105 d903 078f 04 0002 00')],
    ['proxy.too-long', header('21 11 ffff')],
    ['proxy.crc', header('21 11 0013 c0000207 cb007105 d903 078f 03 0004 00000000')],
    ['proxy.crc', header('21 11 0012 c0000207 cb007105 d903 078f 03 0003 000000')],
  ])('is refused with %s', (code, bytes) => {
    expect(faultOf(() => new ProxyHeaderReader().push(bytes))).toBe(code);
  });

  it('is refused when one bit of it has changed, thanks to the checksum', () => {
    for (let at = 16; at < WITH_TLVS.length; at++) {
      const damaged = Buffer.from(WITH_TLVS);
      damaged[at]! ^= 1;
      const fault = faultOf(() => decodeProxyHeader(damaged));
      // The type and the length of the checksum itself are not found any more then: nothing is left that could disagree.
      if (at !== WITH_TLVS.length - 7) expect(fault).toBeDefined();
    }
  });

  it('is refused with two checksums', () => {
    const twice = header('21 11 001a c0000207 cb007105 d903 078f 03 0004 00000000 03 0004 00000000');
    expect(faultOf(() => decodeProxyHeader(twice))).toBe('proxy.crc');
  });

  it('waits for the rest, for every truncation, and holds no more than what came', () => {
    for (const bytes of [TCP4, TCP6, WITH_TLVS]) {
      for (let length = 0; length < bytes.length; length++) {
        const reader = new ProxyHeaderReader();
        expect(reader.push(bytes.subarray(0, length))).toBeUndefined();
        expect(reader.heldBytes).toBe(length);
      }
    }
  });

  it('reads the same however it is cut, and keeps nothing of the memory that it was read from', () => {
    const stream = Buffer.concat([WITH_TLVS, Buffer.from('behind')]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 60 }), (sizes) => {
        const reader = new ProxyHeaderReader();
        let at = 0;
        for (const size of sizes) {
          const piece = Buffer.from(stream.subarray(at, at + size));
          at += piece.length;
          const read = reader.push(piece);
          if (read === undefined) {
            piece.fill(0xff);
            continue;
          }
          expect(read.header).toEqual(TABLE[0]![2]);
          expect(Buffer.concat([read.rest, stream.subarray(at)]).toString()).toBe('behind');
          return;
        }
        expect.fail('the header was never whole');
      }),
    );
  });

  it('may be as long as it may be, and no longer', () => {
    const longest = Buffer.concat([header('21 11 07f0'), TCP4.subarray(16), hex('04 07e1'), Buffer.alloc(0x7e1)]);
    expect(longest).toHaveLength(MAX_PROXY_HEADER_BYTES);
    expect(new ProxyHeaderReader().push(longest)?.header).toEqual(TABLE[0]![2]);
  });
});

describe('crc32c', () => {
  // RFC 3720 appendix B.4.
  it.each([
    ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
    ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['rising', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
    ['the digits', Buffer.from('123456789'), 0xe3069283],
  ])('of %s', (_name, bytes, crc) => {
    expect(crc32c(bytes)).toBe(crc);
  });
});
