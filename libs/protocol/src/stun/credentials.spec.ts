import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { formatNonceCookie, longTermKey, opaqueString, parseNonceCookie, shortTermKey, userhash } from './index.ts';

describe('credentials', () => {
  it('long-term keys are MD5 or SHA-256 over name, realm and password', () => {
    // RFC 8489 section 9.2.2 gives this one.
    expect(longTermKey('user', 'realm', 'pass', 'md5').toString('hex')).toBe('8493fbc53ba582fb4c044c456bdc40eb');
    const expected = createHash('sha256').update('user:realm:pass').digest();
    expect(longTermKey('user', 'realm', 'pass', 'sha256')).toEqual(expected);
  });

  it('the key of short-term credentials is the password', () => {
    expect(shortTermKey('pass\u00a0word').toString()).toBe('pass word');
  });

  it('realm and password are prepared as OpaqueString says, the name is taken as it came', () => {
    const decomposed = 'e\u0301';
    expect(opaqueString(decomposed)).toBe('\u00e9');
    expect(opaqueString('a\u3000b\u2003c')).toBe('a b c');
    // What NFKC would change stays as it is.
    expect(opaqueString('\u2168')).toBe('\u2168');
    expect(longTermKey('u', decomposed, decomposed, 'md5')).toEqual(longTermKey('u', '\u00e9', '\u00e9', 'md5'));
    expect(longTermKey(decomposed, 'r', 'p', 'md5')).not.toEqual(longTermKey('\u00e9', 'r', 'p', 'md5'));
    expect(userhash(decomposed, 'r')).toEqual(userhash('\u00e9', 'r'));
  });
});

describe('nonce cookie', () => {
  it.each([
    ['obMatJos2AAAA', false, false],
    ['obMatJos2AAAB', true, false],
    ['obMatJos2AAAC', false, true],
    ['obMatJos2AAAD', true, true],
  ])('%s', (text, passwordAlgorithms, usernameAnonymity) => {
    expect(formatNonceCookie({ passwordAlgorithms, usernameAnonymity })).toBe(text);
    expect(parseNonceCookie(`${text}rest of the nonce`)).toEqual({ passwordAlgorithms, usernameAnonymity });
  });

  it('unassigned features do not matter', () => {
    expect(parseNonceCookie('obMatJos2///8')).toEqual({ passwordAlgorithms: false, usernameAnonymity: false });
  });

  it.each(['', 'f//499k954d6OL34oL9FSTvy64sA', 'obMatJos2', 'obMatJos2AAA', 'obMatJos2AA*Ax', 'obmatjos2AAAA'])(
    '%j has none',
    (nonce) => {
      expect(parseNonceCookie(nonce)).toBeUndefined();
    },
  );
});
