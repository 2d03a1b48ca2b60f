// Key pairs for playback tokens: made here, or public keys that a tenant brings along.
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { JsonWebKeyInput, KeyObject } from 'node:crypto';
import { publicJwk } from '../known/facts.ts';
import type { PlaybackAlgorithm, PublicJwk } from '../known/facts.ts';

export interface NewKeyPair {
  readonly algorithm: PlaybackAlgorithm;
  readonly jwk: PublicJwk;
  /** PKCS #8, as PEM. */
  readonly privateKey: string;
}

export function newKeyPair(algorithm: PlaybackAlgorithm): NewKeyPair {
  const { publicKey, privateKey } =
    algorithm === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { algorithm, jwk: jwkOf(publicKey), privateKey: String(privateKey.export({ type: 'pkcs8', format: 'pem' })) };
}

export type ImportedKey =
  | { readonly algorithm: PlaybackAlgorithm; readonly jwk: PublicJwk }
  /** What is wrong with it. */
  | { readonly fault: string };

/**
 * Reads a public key that is not ours: the type of the key decides the algorithm, and nothing else ever does.
 *
 * @param given PEM, or the members of a JWK
 */
export function importPublicKey(given: string | JsonWebKeyInput['key']): ImportedKey {
  // Node would take the public half of it: a private key that was sent somewhere is not private any more.
  if (typeof given === 'string' ? given.includes('PRIVATE') : 'd' in given)
    return { fault: 'is a private key; send the public one, and replace this pair' };
  let key: KeyObject;
  try {
    key = typeof given === 'string' ? createPublicKey(given) : createPublicKey({ key: given, format: 'jwk' });
  } catch {
    return { fault: 'cannot be read as a public key' };
  }
  if (key.asymmetricKeyType === 'ed25519') return { algorithm: 'EdDSA', jwk: jwkOf(key) };
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1')
    return { algorithm: 'ES256', jwk: jwkOf(key) };
  return { fault: 'must be an Ed25519 key or an EC key on P-256' };
}

/** SPKI, as PEM. */
export const publicPemOf = (jwk: PublicJwk): string =>
  String(createPublicKey({ key: { ...jwk }, format: 'jwk' }).export({ type: 'spki', format: 'pem' }));

const jwkOf = (key: KeyObject): PublicJwk => publicJwk.parse(key.export({ format: 'jwk' }));
