// The test vectors of RFC 5769. Attributes are padded with spaces there, so messages are not compared as a whole but where
// padding is zero.
import { describe, expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import {
  decodeMessage,
  hasValidFingerprint,
  longTermKey,
  MessageBuilder,
  Nonce,
  Realm,
  shortTermKey,
  Software,
  StunClass,
  StunMethod,
  Username,
  verifyIntegrity,
  XorMappedAddress,
} from './index.ts';

const SHORT_TERM = shortTermKey('VOkJxbRl1RmTxUk/WvJxBt');
const KATAKANA = '\u30de\u30c8\u30ea\u30c3\u30af\u30b9';

const REQUEST = hex(`
  00010058 2112a442 b7e7a701bc34d686fa87dfae
  80220010 5354554e207465737420636c69656e74
  00240004 6e0001ff
  80290008 932ff9b151263b36
  00060009 6576746a3a68367659 202020
  00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2
  80280004 e57a3bcf`);

const IPV4_RESPONSE = hex(`
  0101003c 2112a442 b7e7a701bc34d686fa87dfae
  8022000b 7465737420766563746f72 20
  00200008 0001a147e112a643
  00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7
  80280004 c07d4c96`);

const IPV6_RESPONSE = hex(`
  01010048 2112a442 b7e7a701bc34d686fa87dfae
  8022000b 7465737420766563746f72 20
  00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9
  00080014 a382954e4be67bf11784c97c8292c275bfe3ed41
  80280004 c8fb0b4c`);

const LONG_TERM_REQUEST = hex(`
  00010060 2112a442 78ad3433c6ad72c029da412e
  00060012 e3839ee38388e383aae38383e382afe382b9 0000
  0015001c 662f2f3439396b3935346436 4f4c33346f4c394653547679363473 41
  0014000b 6578616d706c652e6f7267 00
  00080014 f67024656dd64a3e02b8e0712e85c9a28ca89666`);

describe('RFC 5769', () => {
  it('section 2.1: a request with short-term credentials and a fingerprint', () => {
    const message = decodeMessage(REQUEST);
    expect([message.class, message.method]).toEqual([StunClass.request, StunMethod.binding]);
    expect(message.transactionId.toString('hex')).toBe('b7e7a701bc34d686fa87dfae');
    expect(message.get(Software)).toBe('STUN test client');
    expect(message.get(Username)).toBe('evtj:h6vY');
    expect(verifyIntegrity(message, SHORT_TERM)).toBe(true);
    expect(verifyIntegrity(message, shortTermKey('VOkJxbRl1RmTxUk/WvJxBT'))).toBe(false);
    expect(hasValidFingerprint(message)).toBe(true);
  });

  it.each([
    ['2.2', 'IPv4', IPV4_RESPONSE, '192.0.2.1'],
    ['2.3', 'IPv6', IPV6_RESPONSE, '2001:db8:1234:5678:11:2233:4455:6677'],
  ] as const)('section %s: an %s response', (_section, family, bytes, address) => {
    const message = decodeMessage(bytes);
    expect([message.class, message.method]).toEqual([StunClass.success, StunMethod.binding]);
    expect(message.get(Software)).toBe('test vector');
    expect(message.get(XorMappedAddress)).toEqual({ family, address, port: 32853 });
    expect(verifyIntegrity(message, SHORT_TERM)).toBe(true);
    expect(hasValidFingerprint(message)).toBe(true);
  });

  it.each([
    ['2.2', IPV4_RESPONSE],
    ['2.3', IPV6_RESPONSE],
  ])('section %s: the address is written as it was read', (_section, bytes) => {
    const message = decodeMessage(bytes);
    const written = new MessageBuilder(StunClass.success, StunMethod.binding, message.transactionId)
      .add(XorMappedAddress, message.get(XorMappedAddress)!)
      .build();
    const at = message.offsetOf(XorMappedAddress.type);
    expect(bytes.subarray(at, at + written.length - 20).toString('hex')).toBe(written.subarray(20).toString('hex'));
  });

  it('section 2.4: a request with long-term credentials is written to the byte', () => {
    const key = longTermKey(KATAKANA, 'example.org', 'TheMatrIX', 'md5');
    const message = decodeMessage(LONG_TERM_REQUEST);
    expect(message.get(Username)).toBe(KATAKANA);
    expect(message.get(Nonce)).toBe('f//499k954d6OL34oL9FSTvy64sA');
    expect(message.get(Realm)).toBe('example.org');
    expect(verifyIntegrity(message, key)).toBe(true);
    expect(hasValidFingerprint(message)).toBe(false);
    const written = new MessageBuilder(StunClass.request, StunMethod.binding, message.transactionId)
      .add(Username, KATAKANA)
      .add(Nonce, 'f//499k954d6OL34oL9FSTvy64sA')
      .add(Realm, 'example.org')
      .addIntegrity(key, 'sha1')
      .build();
    expect(written.toString('hex')).toBe(LONG_TERM_REQUEST.toString('hex'));
  });
});
