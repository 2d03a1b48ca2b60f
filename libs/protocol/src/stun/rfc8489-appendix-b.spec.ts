// The test vector of RFC 8489 appendix B.1, as erratum 6268 corrects it: what the RFC prints has a wrong length, lacks
// PASSWORD-ALGORITHM, and so has a wrong HMAC.
import { describe, expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import {
  decodeMessage,
  integrityAlgorithm,
  longTermKey,
  MessageBuilder,
  Nonce,
  parseNonceCookie,
  PasswordAlgorithm,
  PasswordAlgorithmNumber,
  Realm,
  StunClass,
  StunMethod,
  Userhash,
  userhash,
  verifyIntegrity,
} from './index.ts';

const USERNAME = '\u30de\u30c8\u30ea\u30c3\u30af\u30b9';
const REALM = 'example.org';
const NONCE = 'obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA';
/** What RFC 4013 makes of "The<U+00AD>M<U+00AA>tr<U+2168>"; OpaqueString would leave two of these characters alone. */
const PASSWORD = 'TheMatrIX';

const REQUEST = hex(`
  00010090 2112a442 78ad3433c6ad72c029da412e
  001e0020 4a3cf38fef6992bda952c6780417da0f24819415569e60b205c46e41407f1704
  00150029 6f624d61744a6f7332414141 43662f2f3439396b3935346436 4f4c33346f4c394653547679363473 41 000000
  0014000b 6578616d706c652e6f7267 00
  001d0004 00020000
  001c0020 b5c7bf005b6c52a21c51c5e892f81924136296cb927c43149309278cc6518e65`);

describe('RFC 8489 appendix B.1', () => {
  const message = decodeMessage(REQUEST);
  const key = longTermKey(USERNAME, REALM, PASSWORD, 'sha256');

  it('is read', () => {
    expect(message.get(Userhash)).toEqual(userhash(USERNAME, REALM));
    expect(message.get(Nonce)).toBe(NONCE);
    expect(message.get(Realm)).toBe(REALM);
    expect(message.get(PasswordAlgorithm)).toEqual({
      number: PasswordAlgorithmNumber.sha256,
      parameters: Buffer.alloc(0),
    });
    expect(integrityAlgorithm(message)).toBe('sha256');
  });

  it('its nonce says that the server knows USERHASH, by the bit that erratum 6290 says', () => {
    expect(parseNonceCookie(NONCE)).toEqual({ passwordAlgorithms: false, usernameAnonymity: true });
  });

  it('its integrity is that of the SHA-256 key and of no other', () => {
    expect(verifyIntegrity(message, key)).toBe(true);
    expect(verifyIntegrity(message, key, 'sha1')).toBe(false);
    expect(verifyIntegrity(message, longTermKey(USERNAME, REALM, PASSWORD, 'md5'))).toBe(false);
    expect(verifyIntegrity(message, longTermKey(USERNAME, REALM, 'TheMatrix', 'sha256'))).toBe(false);
  });

  it('is written to the byte', () => {
    const written = new MessageBuilder(StunClass.request, StunMethod.binding, message.transactionId)
      .add(Userhash, userhash(USERNAME, REALM))
      .add(Nonce, NONCE)
      .add(Realm, REALM)
      .add(PasswordAlgorithm, { number: PasswordAlgorithmNumber.sha256, parameters: Buffer.alloc(0) })
      .addIntegrity(key, 'sha256')
      .build();
    expect(written.toString('hex')).toBe(REQUEST.toString('hex'));
  });
});
