import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultOf } from '../testing/protocol-fault.ts';
import {
  ChannelNumber,
  Data,
  decodeMessage,
  ErrorCode,
  hasValidFingerprint,
  Lifetime,
  MessageBuilder,
  Realm,
  StunClass,
  StunMethod,
  stunAttributeOf,
  Username,
  verifyIntegrity,
  XorPeerAddress,
} from './index.ts';
import { rawAttribute, rawMessage, TRANSACTION_ID } from './testing/raw-message.ts';

const KEY = Buffer.from('key');
const builder = (): MessageBuilder => new MessageBuilder(StunClass.request, StunMethod.allocate, TRANSACTION_ID);

describe('message', () => {
  it('without attributes is its header', () => {
    const bytes = new MessageBuilder(StunClass.request, StunMethod.binding, TRANSACTION_ID).build();
    expect(bytes.toString('hex')).toBe(rawMessage().toString('hex'));
    const message = decodeMessage(bytes);
    expect([message.class, message.method, message.attributeTypes]).toEqual([0, 1, []]);
    expect(message.transactionId).toEqual(TRANSACTION_ID);
  });

  it('views the bytes that it was decoded from', () => {
    const bytes = builder().add(Data, Buffer.from('abcd')).build();
    const message = decodeMessage(bytes);
    bytes.write('x', 24);
    expect(Buffer.from(message.get(Data)!).toString()).toBe('xbcd');
    expect(message.raw(Data.type)!.toString()).toBe('xbcd');
    expect(message.bytes.buffer).toBe(bytes.buffer);
  });

  it('gives the first of attributes of a kind, and all of them to who asks', () => {
    const peers = ['192.0.2.1', '192.0.2.2'].map((address) => ({ family: 'IPv4', address, port: 1 }) as const);
    const message = decodeMessage(builder().add(XorPeerAddress, peers[0]!).add(XorPeerAddress, peers[1]!).build());
    expect(message.get(XorPeerAddress)).toEqual(peers[0]);
    expect(message.getAll(XorPeerAddress)).toEqual(peers);
    expect(message.getAll(Lifetime)).toEqual([]);
    expect([message.has(XorPeerAddress), message.has(Lifetime)]).toEqual([true, false]);
    expect([message.get(Lifetime), message.raw(Lifetime.type)]).toEqual([undefined, undefined]);
  });

  it('lists unknown comprehension-required attributes, each once', () => {
    const types = [0x7fff, 0x000d, 0x8001, 0x0002, 0x7fff, 0xffff];
    const message = decodeMessage(rawMessage(types.map((type) => rawAttribute(type, Buffer.alloc(4)))));
    expect(message.attributeTypes).toEqual(types);
    expect(message.unknownRequired((type) => stunAttributeOf(type) !== undefined)).toEqual([0x7fff, 0x0002]);
  });

  it('decodes no attribute that is not asked for', () => {
    const message = decodeMessage(rawMessage([rawAttribute(Lifetime.type, Buffer.alloc(1))]));
    expect(message.has(Lifetime)).toBe(true);
    expect(faultOf(() => message.get(Lifetime))).toBe('ended-early');
  });

  it('pads with zeros, whatever lay in memory before', () => {
    for (let size = 1; size < 9; size++) {
      const bytes = builder().add(Data, Buffer.alloc(size, 0xff)).build();
      expect(bytes.length % 4).toBe(0);
      expect(bytes.subarray(24 + size).every((byte) => byte === 0)).toBe(true);
    }
  });

  it('ignores what padding contains', () => {
    const message = decodeMessage(rawMessage([rawAttribute(Realm.type, Buffer.from('a'), { pad: 0xff })]));
    expect(message.get(Realm)).toBe('a');
  });

  it('answers with method and transaction id of the request', () => {
    const request = decodeMessage(builder().build());
    const response = decodeMessage(MessageBuilder.responseTo(request, StunClass.error).build());
    expect([response.class, response.method]).toEqual([StunClass.error, StunMethod.allocate]);
    expect(response.transactionId).toEqual(TRANSACTION_ID);
  });

  it('takes another transaction id each time', () => {
    const ids = Array.from({ length: 1000 }, () =>
      decodeMessage(new MessageBuilder(StunClass.request, StunMethod.binding).build()).transactionId.toString('hex'),
    );
    expect(new Set(ids).size).toBe(1000);
  });

  it('closes with integrity, stronger integrity and fingerprint, in this order and once', () => {
    const closed = builder().add(Lifetime, 1).addIntegrity(KEY, 'sha1').addIntegrity(KEY, 'sha256').addFingerprint();
    const message = decodeMessage(closed.build());
    expect(message.attributeTypes).toEqual([0x000d, 0x0008, 0x001c, 0x8028]);
    expect([verifyIntegrity(message, KEY, 'sha1'), verifyIntegrity(message, KEY, 'sha256')]).toEqual([true, true]);
    expect(hasValidFingerprint(message)).toBe(true);
    expect(() => builder().addFingerprint().addFingerprint()).toThrow(RangeError);
    expect(() => builder().addFingerprint().addIntegrity(KEY, 'sha1')).toThrow(RangeError);
    expect(() => builder().addIntegrity(KEY, 'sha256').addIntegrity(KEY, 'sha1')).toThrow(RangeError);
    expect(() => builder().addIntegrity(KEY, 'sha1').addIntegrity(KEY, 'sha1')).toThrow(RangeError);
    expect(() => builder().addIntegrity(KEY, 'sha1').add(Lifetime, 1)).toThrow(RangeError);
    expect(() => builder().addFingerprint().addRaw(0x000d, Buffer.alloc(4))).toThrow(RangeError);
  });

  it('of each length fails cleanly when it is cut anywhere', () => {
    const whole = builder()
      .add(Username, 'user')
      .add(ErrorCode, { code: 400, reason: 'abc' })
      .addIntegrity(KEY, 'sha256')
      .addFingerprint()
      .build();
    for (let length = 0; length < whole.length; length++) {
      expect(faultOf(() => decodeMessage(whole.subarray(0, length)))).toBe('ended-early');
    }
  });

  it('reads what was written', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    const port = fc.integer({ min: 0, max: 65535 });
    const peer = fc
      .tuple(octet, octet, octet, octet, port)
      .map(([a, b, c, d, last]) => ({ family: 'IPv4', address: [a, b, c, d].join('.'), port: last }) as const);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xfff }),
        fc.constantFrom(...Object.values(StunClass)),
        fc.uint8Array({ minLength: 12, maxLength: 12 }),
        fc.array(peer, { maxLength: 5 }),
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 0x4000, max: 0x4fff }),
        (method, stunClass, id, peers, data, channel) => {
          const written = new MessageBuilder(stunClass, method, id);
          for (const one of peers) written.add(XorPeerAddress, one);
          written.add(Data, data).add(ChannelNumber, channel).addIntegrity(KEY, 'sha256').addFingerprint();
          const message = decodeMessage(written.build());
          expect([message.method, message.class]).toEqual([method, stunClass]);
          expect(message.transactionId).toEqual(Buffer.from(id));
          expect(message.getAll(XorPeerAddress)).toEqual(peers);
          expect(message.get(Data)).toEqual(Buffer.from(data));
          expect(message.get(ChannelNumber)).toBe(channel);
          expect(verifyIntegrity(message, KEY)).toBe(true);
          expect(hasValidFingerprint(message)).toBe(true);
        },
      ),
    );
  });
});
