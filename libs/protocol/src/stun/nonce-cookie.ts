// RFC 8489 section 9.2: the nonce cookie, by which a server says in the nonce what it can do.

export const NONCE_COOKIE = 'obMatJos2';
const FEATURE_CHARACTERS = 4;
/** How long a nonce is that begins with a cookie, at least. */
export const NONCE_COOKIE_LENGTH = NONCE_COOKIE.length + FEATURE_CHARACTERS;

/** Section 18.1. Bit 0 is the rightmost one: erratum 6290 turned the numbering round, as appendix B.1 always had it. */
const FeatureBit = { passwordAlgorithms: 0x000001, usernameAnonymity: 0x000002 } as const;

/** The STUN security features. */
export interface SecurityFeatures {
  /** PASSWORD-ALGORITHMS is understood, and its absence in the answer to a nonce of this kind is an attack. */
  readonly passwordAlgorithms: boolean;
  /** USERHASH is understood. */
  readonly usernameAnonymity: boolean;
}

/** What a nonce begins with: the cookie, and 24 bits of features in base64. */
export function formatNonceCookie(features: SecurityFeatures): string {
  const bits =
    (features.passwordAlgorithms ? FeatureBit.passwordAlgorithms : 0) |
    (features.usernameAnonymity ? FeatureBit.usernameAnonymity : 0);
  return NONCE_COOKIE + Buffer.from([bits >> 16, bits >> 8, bits]).toString('base64');
}

/** The features that a nonce claims; undefined when it has no cookie, as those of servers of RFC 5389. */
export function parseNonceCookie(nonce: string): SecurityFeatures | undefined {
  if (!nonce.startsWith(NONCE_COOKIE)) return undefined;
  const features = nonce.slice(NONCE_COOKIE.length, NONCE_COOKIE_LENGTH);
  if (!/^[A-Za-z0-9+/]{4}$/.test(features)) return undefined;
  const bits = Buffer.from(features, 'base64').readUIntBE(0, 3);
  return {
    passwordAlgorithms: (bits & FeatureBit.passwordAlgorithms) !== 0,
    usernameAnonymity: (bits & FeatureBit.usernameAnonymity) !== 0,
  };
}
