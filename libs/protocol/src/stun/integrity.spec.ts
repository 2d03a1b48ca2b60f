import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { faultOf } from '../testing/protocol-fault.ts';
import {
  decodeMessage,
  hasValidFingerprint,
  integrityAlgorithm,
  Lifetime,
  MessageBuilder,
  StunClass,
  StunMethod,
  verifyIntegrity,
} from './index.ts';
import { rawAttribute, rawMessage } from './testing/raw-message.ts';

const KEY = Buffer.from('a key');
const LIFETIME = rawAttribute(Lifetime.type, Buffer.of(0, 0, 2, 88));
const builder = (): MessageBuilder => new MessageBuilder(StunClass.request, StunMethod.refresh).add(Lifetime, 600);

/** An integrity attribute over a message that claims `length` bytes of attributes. */
function integrity(hash: 'sha1' | 'sha256', length: number, size: number): Buffer {
  const mac = createHmac(hash, KEY)
    .update(rawMessage([LIFETIME], { length }))
    .digest()
    .subarray(0, size);
  return rawAttribute(hash === 'sha1' ? 0x0008 : 0x001c, mac);
}

describe('message integrity', () => {
  it.each(['sha1', 'sha256'] as const)('by %s holds for its key and for every bit that it covers', (algorithm) => {
    const bytes = builder().addIntegrity(KEY, algorithm).build();
    expect(verifyIntegrity(decodeMessage(bytes), KEY)).toBe(true);
    expect(verifyIntegrity(decodeMessage(bytes), Buffer.from('another'))).toBe(false);
    // The last byte of each field; the length itself and the types of attributes say where things are.
    for (const at of [1, 8, 19, 27, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(verifyIntegrity(decodeMessage(changed), KEY)).toBe(false);
    }
  });

  it('is computed over the length up to its own end (section 14.5)', () => {
    const right = rawMessage([LIFETIME, integrity('sha1', 8 + 24, 20), rawAttribute(0x8028, Buffer.alloc(4))]);
    expect(verifyIntegrity(decodeMessage(right), KEY)).toBe(true);
    const withFingerprint = rawMessage([LIFETIME, integrity('sha1', 8 + 24 + 8, 20)]);
    expect(verifyIntegrity(decodeMessage(withFingerprint), KEY)).toBe(false);
  });

  it('without an integrity attribute there is none', () => {
    const message = decodeMessage(builder().build());
    expect(integrityAlgorithm(message)).toBeUndefined();
    expect(verifyIntegrity(message, KEY)).toBe(false);
    expect(verifyIntegrity(message, KEY, 'sha1')).toBe(false);
  });

  it('of both kinds counts by the stronger one', () => {
    const both = builder().addIntegrity(KEY, 'sha1').addIntegrity(KEY, 'sha256').build();
    expect(integrityAlgorithm(decodeMessage(both))).toBe('sha256');
    both[both.length - 1]! ^= 1;
    expect(verifyIntegrity(decodeMessage(both), KEY)).toBe(false);
    expect(verifyIntegrity(decodeMessage(both), KEY, 'sha1')).toBe(true);
  });

  it.each([0, 19, 21, 32])('by SHA-1 with %i bytes is malformed', (size) => {
    const message = decodeMessage(rawMessage([rawAttribute(0x0008, Buffer.alloc(size))]));
    expect(faultOf(() => verifyIntegrity(message, KEY))).toBe('stun.integrity.length');
  });

  it.each([0, 12, 15, 17, 33, 36])('by SHA-256 with %i bytes is malformed', (size) => {
    const message = decodeMessage(rawMessage([rawAttribute(0x001c, Buffer.alloc(size))]));
    expect(faultOf(() => verifyIntegrity(message, KEY, 'sha256', 16))).toBe('stun.integrity.length');
  });

  it.each([16, 20, 28])('by SHA-256 cut to %i bytes counts only for who allows it', (size) => {
    const raw = decodeMessage(rawMessage([LIFETIME, integrity('sha256', 8 + 4 + size, size)]));
    expect(faultOf(() => verifyIntegrity(raw, KEY))).toBe('stun.integrity.length');
    expect(verifyIntegrity(raw, KEY, 'sha256', 16)).toBe(true);
    const written = decodeMessage(builder().addIntegrity(KEY, 'sha256', size).build());
    expect(verifyIntegrity(written, KEY, 'sha256', 16)).toBe(true);
    expect(verifyIntegrity(written, Buffer.from('another'), 'sha256', 16)).toBe(false);
  });

  it('is not written with sizes that no reader accepts', () => {
    expect(() => builder().addIntegrity(KEY, 'sha256', 12)).toThrow(RangeError);
    expect(() => builder().addIntegrity(KEY, 'sha1', 16)).toThrow(RangeError);
  });
});

describe('fingerprint', () => {
  it('holds for every bit of the message', () => {
    const bytes = builder().addIntegrity(KEY, 'sha1').addFingerprint().build();
    expect(hasValidFingerprint(decodeMessage(bytes))).toBe(true);
    for (const at of [1, 8, 19, 27, 40, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(hasValidFingerprint(decodeMessage(changed))).toBe(false);
    }
  });

  it.each([0, 3, 5, 8])('of %i bytes is none', (size) => {
    expect(hasValidFingerprint(decodeMessage(rawMessage([rawAttribute(0x8028, Buffer.alloc(size))])))).toBe(false);
  });
});
