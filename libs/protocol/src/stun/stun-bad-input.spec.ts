// Hostile peers, case by case; each test is named after its entry in the project's catalogue of bad input. What the catalogue
// says of permissions, lifetimes and answers is for the TURN server; here is what bytes alone decide.
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import type { StunAttribute } from './index.ts';
import {
  ChannelNumber,
  Data,
  decodeMessage,
  ErrorCode,
  hasValidFingerprint,
  Lifetime,
  MessageBuilder,
  MAX_STUN_ATTRIBUTES,
  Nonce,
  Realm,
  Software,
  StunClass,
  StunMethod,
  STUN_ATTRIBUTES,
  stunAttributeOf,
  Username,
  verifyIntegrity,
  XorPeerAddress,
} from './index.ts';
import { rawAttribute, rawMessage, TRANSACTION_ID } from './testing/raw-message.ts';

const KEY = Buffer.from('key');
const LIFETIME = rawAttribute(Lifetime.type, hex('00000258'));
const REFRESH = { type: 0x0004 };
const builder = (): MessageBuilder => new MessageBuilder(StunClass.request, StunMethod.refresh, TRANSACTION_ID);

/** A message with more behind it, and the length that goes with it. */
function extended(message: Buffer, ...more: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat([message, ...more]);
  bytes.writeUInt16BE(bytes.length - 20, 2);
  return bytes;
}

const decodeFault = (bytes: Buffer): string | undefined => faultOf(() => decodeMessage(bytes));

describe('headers that are none', () => {
  it.each([1, 2, 3, 5, 0xfffd, 0xffff])('a length of %i, no multiple of four', (length) => {
    expect(decodeFault(rawMessage([LIFETIME], { length }))).toBe('stun.message.length');
  });

  it('a length beyond the datagram, one below it, and the greatest', () => {
    expect(decodeFault(rawMessage([LIFETIME], { length: 12 }))).toBe('ended-early');
    expect(decodeFault(rawMessage([LIFETIME], { length: 4 }))).toBe('stun.message.length');
    expect(decodeFault(rawMessage([LIFETIME], { length: 0 }))).toBe('stun.message.length');
    expect(decodeFault(rawMessage([LIFETIME], { length: 0xfffc }))).toBe('ended-early');
  });

  it('datagrams of 0 to 19 bytes', () => {
    for (let size = 0; size < 20; size++) expect(decodeFault(rawMessage().subarray(0, size))).toBe('ended-early');
  });

  it.each([0x4001, 0x8001, 0xc001, 0xffff])('the type %i, whose first bits are not zero', (type) => {
    expect(decodeFault(rawMessage([], { type }))).toBe('stun.message.first-bits');
  });

  it('a request of RFC 3489 has no cookie: it is recognised, refused and not answered', () => {
    expect(decodeFault(rawMessage([], { cookie: '00000000' }))).toBe('stun.message.classic');
    const changeRequest = rawAttribute(0x0003, hex('00000006'));
    expect(decodeFault(rawMessage([changeRequest], { cookie: 'deadbeef' }))).toBe('stun.message.classic');
  });

  it('a wrong cookie and a length that is wrong as well', () => {
    expect(decodeFault(rawMessage([], { cookie: '2112a443', length: 4 }))).toBe('stun.message.magic-cookie');
    expect(decodeFault(Buffer.alloc(100, 1))).toBe('stun.message.magic-cookie');
  });

  it('an unknown method is a message all the same', () => {
    const message = decodeMessage(rawMessage([], { type: 0x3eef }));
    expect([message.class, message.method]).toEqual([StunClass.request, 0xfff]);
  });
});

describe('attributes that are none', () => {
  it.each([5, 8, 9, 0xfffc, 0xffff])('a length of %i goes beyond the end', (length) => {
    expect(decodeFault(rawMessage([rawAttribute(0x8022, hex('00000000'), { length })]))).toBe('ended-early');
  });

  it('a length that ends in the message, but whose padding does not', () => {
    const cut = rawMessage([hex('80220001')]);
    expect(decodeFault(cut)).toBe('ended-early');
  });

  it.each([Username, Realm, Nonce])('$name of length 0 is malformed', (attribute) => {
    const message = decodeMessage(rawMessage([rawAttribute(attribute.type, Buffer.alloc(0))]));
    expect(faultOf(() => message.get(attribute))).toBe('stun.attribute.length');
  });

  it.each([Username, Realm, Nonce, Software])('$name of 763 bytes is read, of 764 not', (attribute) => {
    const read = (size: number): string | undefined =>
      decodeMessage(rawMessage([rawAttribute(attribute.type, Buffer.alloc(size, 0x61))])).get(attribute);
    // USERNAME of 509 bytes too: section 14.3 has them parsed, although they may not be sent any more.
    expect(read(509)).toHaveLength(509);
    expect(read(763)).toHaveLength(763);
    expect(faultOf(() => read(764))).toBe('stun.attribute.length');
  });

  it('a reason of 764 bytes is malformed', () => {
    const value = Buffer.concat([hex('00000400'), Buffer.alloc(764, 0x61)]);
    const message = decodeMessage(rawMessage([rawAttribute(ErrorCode.type, value)]));
    expect(faultOf(() => message.get(ErrorCode))).toBe('stun.attribute.length');
  });

  it('128 attributes are read, 129 and 1,000 are not', () => {
    const many = (count: number): Buffer => rawMessage(new Array<Buffer>(count).fill(rawAttribute(0x8022, hex(''))));
    expect(decodeMessage(many(MAX_STUN_ATTRIBUTES)).attributeTypes).toHaveLength(MAX_STUN_ATTRIBUTES);
    expect(decodeFault(many(MAX_STUN_ATTRIBUTES + 1))).toBe('stun.message.attributes');
    expect(decodeFault(many(1000))).toBe('stun.message.attributes');
  });

  it.each(Object.values(STUN_ATTRIBUTES).map((one): [string, StunAttribute<unknown>] => [one.name, one]))(
    'of two %s the first counts',
    (name, attribute) => {
      const two = [1, 2].map((last) => rawAttribute(attribute.type, Buffer.of(0, 0, 0, last)));
      const bytes = rawMessage(two);
      if (name === 'FINGERPRINT') expect(decodeFault(bytes)).toBe('stun.fingerprint.not-last');
      else expect(decodeMessage(bytes).raw(attribute.type)).toEqual(Buffer.of(0, 0, 0, 1));
    },
  );

  it('text that is no UTF-8 is read without a fault', () => {
    const message = decodeMessage(rawMessage([rawAttribute(Username.type, hex('ff00fe0a'))]));
    expect(message.get(Username)).toBe('\ufffd\0\ufffd\n');
  });
});

describe('integrity and fingerprints that are none', () => {
  it('a fingerprint that is wrong, and one that is not last, and two', () => {
    const good = builder().add(Lifetime, 600).addFingerprint().build();
    const wrong = Buffer.from(good);
    wrong[wrong.length - 1]! ^= 0xff;
    expect(hasValidFingerprint(decodeMessage(wrong))).toBe(false);
    expect(decodeFault(extended(good, LIFETIME))).toBe('stun.fingerprint.not-last');
    expect(decodeFault(extended(good, good.subarray(-8)))).toBe('stun.fingerprint.not-last');
  });

  it('the right fingerprint of other bytes', () => {
    const other = builder().add(Lifetime, 0).addFingerprint().build();
    const bytes = Buffer.concat([
      builder().add(Lifetime, 600).addFingerprint().build().subarray(0, -8),
      other.subarray(-8),
    ]);
    expect(hasValidFingerprint(decodeMessage(bytes))).toBe(false);
  });

  it.each([0, 19, 21])('MESSAGE-INTEGRITY of %i bytes is malformed', (size) => {
    const message = decodeMessage(rawMessage([LIFETIME, rawAttribute(0x0008, Buffer.alloc(size))], REFRESH));
    expect(faultOf(() => verifyIntegrity(message, KEY))).toBe('stun.integrity.length');
  });

  it.each([16, 20, 33])('MESSAGE-INTEGRITY-SHA256 of %i bytes is malformed, as TURN does not cut it', (size) => {
    const message = decodeMessage(rawMessage([LIFETIME, rawAttribute(0x001c, Buffer.alloc(size))], REFRESH));
    expect(faultOf(() => verifyIntegrity(message, KEY))).toBe('stun.integrity.length');
  });

  it('integrity over a length that counts the fingerprint does not hold', () => {
    const early = builder().add(Lifetime, 600);
    const head = Buffer.from(early.build());
    head.writeUInt16BE(8 + 24 + 8, 2);
    const mac = rawMac(head);
    const message = decodeMessage(rawMessage([LIFETIME, mac, rawAttribute(0x8028, Buffer.alloc(4))], REFRESH));
    expect(verifyIntegrity(message, KEY)).toBe(false);
    head.writeUInt16BE(8 + 24, 2);
    const right = decodeMessage(rawMessage([LIFETIME, rawMac(head), rawAttribute(0x8028, Buffer.alloc(4))], REFRESH));
    expect(verifyIntegrity(right, KEY)).toBe(true);
  });

  it.each([
    ['LIFETIME', LIFETIME, Lifetime],
    ['XOR-PEER-ADDRESS', rawAttribute(XorPeerAddress.type, hex('0001 2142 5e12a443')), XorPeerAddress],
    ['CHANNEL-NUMBER', rawAttribute(ChannelNumber.type, hex('40000000')), ChannelNumber],
    ['DATA', rawAttribute(Data.type, hex('00')), Data],
    ['MESSAGE-INTEGRITY', rawAttribute(0x0008, Buffer.alloc(20)), undefined],
  ] as readonly (readonly [string, Buffer, StunAttribute<unknown> | undefined])[])(
    '%s behind the integrity has no effect',
    (_name, appended, attribute) => {
      for (const algorithm of ['sha1', 'sha256'] as const) {
        const signed = builder().addIntegrity(KEY, algorithm).build();
        const message = decodeMessage(extended(signed, appended));
        expect(message.attributeTypes).toHaveLength(1);
        if (attribute !== undefined) expect(message.get(attribute)).toBeUndefined();
        expect(verifyIntegrity(message, KEY)).toBe(true);
      }
    },
  );

  it('an unknown attribute behind the integrity is not reported either', () => {
    const signed = builder().addIntegrity(KEY, 'sha1').build();
    const message = decodeMessage(extended(signed, rawAttribute(0x7fff, hex(''))));
    expect(message.unknownRequired((type) => stunAttributeOf(type) !== undefined)).toEqual([]);
  });

  it('between the integrity and the stronger one nothing counts', () => {
    const signed = builder().addIntegrity(KEY, 'sha1').build();
    const sha256 = rawAttribute(0x001c, Buffer.alloc(32));
    const message = decodeMessage(extended(signed, LIFETIME, sha256, LIFETIME, rawAttribute(0x8028, Buffer.alloc(4))));
    expect(message.attributeTypes).toEqual([0x0008, 0x001c, 0x8028]);
    expect(verifyIntegrity(message, KEY)).toBe(false);
  });

  it('an attribute that ends behind the message is refused even where it would be ignored', () => {
    const signed = builder().addIntegrity(KEY, 'sha1').build();
    expect(decodeFault(extended(signed, rawAttribute(0x000d, hex('00000000'), { length: 8 })))).toBe('ended-early');
  });
});

describe('what cannot be ignored', () => {
  it.each([0x0000, 0x0002, 0x0010, 0x0021, 0x7fff])('the attribute %i is unknown and required', (type) => {
    const message = decodeMessage(rawMessage([rawAttribute(type, hex('')), rawAttribute(0xffff, hex(''))]));
    expect(message.unknownRequired((one) => stunAttributeOf(one) !== undefined)).toEqual([type]);
  });
});

describe('addresses of peers', () => {
  const peer = (value: string): string | undefined => {
    const message = decodeMessage(rawMessage([rawAttribute(XorPeerAddress.type, hex(value))], { type: 0x0008 }));
    return faultOf(() => message.get(XorPeerAddress));
  };

  it('of family 0 and 3, of 4 bytes, of IPv6 with 8 bytes, of IPv4 with 16', () => {
    expect(peer('0000 2142 5e12a443')).toBe('stun.address.family');
    expect(peer('0003 2142 5e12a443')).toBe('stun.address.family');
    expect(peer('0001 2142')).toBe('ended-early');
    expect(peer('0002 2142 5e12a443 00000000')).toBe('ended-early');
    expect(peer(`0001 2142 ${'5e12a443'.repeat(4)}`)).toBe('stun.attribute.length');
  });

  it('with port 0 it is an address', () => {
    const message = decodeMessage(rawMessage([rawAttribute(XorPeerAddress.type, hex('0001 2112 5e12a443'))]));
    expect(message.get(XorPeerAddress)).toEqual({ family: 'IPv4', address: '127.0.0.1', port: 0 });
  });

  it('one bad address among good ones fails all of them', () => {
    const good = rawAttribute(XorPeerAddress.type, hex('0001 2142 5e12a443'));
    const bad = rawAttribute(XorPeerAddress.type, hex('0003 2142 5e12a443'));
    const message = decodeMessage(rawMessage([good, bad, good], { type: 0x0008 }));
    expect(message.get(XorPeerAddress)?.port).toBe(80);
    expect(faultOf(() => message.getAll(XorPeerAddress))).toBe('stun.address.family');
  });

  it('a thousand in one request are refused', () => {
    const good = rawAttribute(XorPeerAddress.type, hex('0001 2142 5e12a443'));
    expect(decodeFault(rawMessage(new Array<Buffer>(1000).fill(good)))).toBe('stun.message.attributes');
  });
});

describe('data', () => {
  it.each([0, 1, 65_487])('of %i bytes is read', (size) => {
    const bytes = rawMessage([rawAttribute(Data.type, Buffer.alloc(size, 9))], { type: 0x0016 });
    expect(decodeMessage(bytes).get(Data)).toHaveLength(size);
  });
});

/** MESSAGE-INTEGRITY over exactly these bytes. */
function rawMac(bytes: Buffer): Buffer {
  return rawAttribute(0x0008, createHmac('sha1', KEY).update(bytes).digest());
}
