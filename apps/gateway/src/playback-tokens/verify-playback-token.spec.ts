import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { newId } from '@millrace/domain';
import { SignJWT, UnsecuredJWT } from 'jose';
import type { JWTPayload } from 'jose';
import { describe, expect, it } from 'vitest';
import { importPublicKey, newKeyPair } from '../playback-keys/key-pairs.ts';
import type { PlaybackAlgorithm } from '../known/facts.ts';
import { PLAYBACK_TOKEN_CODE_LIMITS } from './playback-token-limits.ts';
import { verifyPlaybackToken } from './verify-playback-token.ts';
import type { PlaybackTokenVerdict, VerificationKey } from './verify-playback-token.ts';

interface Signer extends VerificationKey {
  readonly privateKey: KeyObject;
}

function signer(algorithm: PlaybackAlgorithm): Signer {
  const { jwk, privateKey } = newKeyPair(algorithm);
  return { id: newId('pky'), algorithm, jwk, privateKey: createPrivateKey(privateKey) };
}

const playbackId = newId('pbk');
const eddsa = signer('EdDSA');
const es256 = signer('ES256');
/** In force, but of another tenant. */
const foreign = signer('EdDSA');
const KEYS = [eddsa, es256];
const nowMs = 1_790_000_000_000;
const nowS = nowMs / 1_000;
const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const rules = { playbackId, nowMs, maxTtlMs: 24 * HOUR_S * 1_000, maxViewerTtlMs: 10 * MINUTE_S * 1_000 };

const verify = (token: string, keys: readonly VerificationKey[] = KEYS): Promise<PlaybackTokenVerdict> =>
  verifyPlaybackToken(token, keys, rules);

const claims = (changes: JWTPayload = {}): JWTPayload => ({
  sub: playbackId,
  aud: 'playback',
  exp: nowS + HOUR_S,
  ...changes,
});

const sign = (changes: JWTPayload = {}, key: Signer = eddsa, header: object = {}): Promise<string> =>
  new SignJWT(claims(changes)).setProtectedHeader({ alg: key.algorithm, kid: key.id, ...header }).sign(key.privateKey);

const signed = (text: string): Uint8Array => signBytes(null, Buffer.from(text), eddsa.privateKey);
const HEADER = { alg: 'EdDSA', kid: eddsa.id };
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token whose header may say anything, signed with the bytes of `signature`. */
function byHand(header: object, signature: (text: string) => Uint8Array, changes: JWTPayload = {}): string {
  const text = `${part(header)}.${part(claims(changes))}`;
  return `${text}.${Buffer.from(signature(text)).toString('base64url')}`;
}

const invalid = (detail: RegExp): object => ({
  valid: false,
  refusal: 'invalid',
  detail: expect.stringMatching(detail) as string,
});

describe('a playback token', () => {
  it.each([
    ['EdDSA', eddsa],
    ['ES256', es256],
  ] as const)('signed by %s says who may watch what', async (_, key) => {
    const given = { viewer_id: 'ada', viewer_session_version: 3, jti: 't1', exp: nowS + 5 * MINUTE_S };
    expect(await verify(await sign(given, key))).toEqual({
      valid: true,
      keyId: key.id,
      tokenId: 't1',
      claims: { sub: playbackId, single_use: false, ...given },
    });
  });

  it('made by hand, with nothing but a signature, is as good, and is named by its digest', async () => {
    const token = byHand({ alg: 'EdDSA', kid: eddsa.id }, (text) =>
      signBytes(null, Buffer.from(text), eddsa.privateKey),
    );
    const verdict = await verify(token);
    expect(verdict).toMatchObject({ valid: true, claims: { viewer_session_version: 0 } });
    expect(verdict.valid && verdict.tokenId).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it('by a public key that was imported as PEM or as JWK is as good', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    for (const given of [
      String(publicKey.export({ type: 'spki', format: 'pem' })),
      publicKey.export({ format: 'jwk' }),
    ]) {
      const imported = importPublicKey(given);
      if ('fault' in imported) throw new Error(imported.fault);
      const key = { id: newId('pky'), ...imported };
      expect((await verify(await sign({}, { ...key, privateKey }), [key])).valid).toBe(true);
    }
  });

  it.each<[string, JWTPayload, RegExp]>([
    ['for another playback id', { sub: newId('pbk') }, /`sub`/],
    ['for another audience', { aud: 'rooms' }, /`aud`/],
    ['without audience', { aud: undefined }, /`aud`/],
    ['without subject', { sub: undefined }, /`sub`/],
    ['without expiry', { exp: undefined }, /`exp`/],
    ['not valid yet', { nbf: nowS + MINUTE_S }, /not valid yet/],
    ['issued in the future', { iat: nowS + MINUTE_S }, /issued in the future/],
    ['that lives too long', { exp: nowS + 25 * HOUR_S }, /lives too long/],
    ['that lived too long from its issue', { iat: nowS - HOUR_S, exp: nowS + 23.5 * HOUR_S }, /lives too long/],
    ['of a viewer that lives too long', { viewer_id: 'ada' }, /lives too long.*viewer_id/],
    ['with an empty viewer', { viewer_id: '' }, /`viewer_id`/],
    ['with a viewer that is too long', { viewer_id: 'x'.repeat(41) }, /`viewer_id`/],
    ['with a version that is none', { viewer_session_version: -1 }, /`viewer_session_version`/],
    ['with an empty list of origins', { origins: [] }, /`origins`/],
    ['with an origin that is none', { origins: ['example.com'] }, /`origins`/],
    ['with a restriction that is none', { restriction_id: 'x' }, /`restriction_id`/],
    ['that may be used once and has no name', { single_use: true, exp: nowS + MINUTE_S }, /`jti`.*`single_use`/],
    ['that may be used once and lives too long', { single_use: true, jti: 'a' }, /lives too long.*`single_use`/],
    ['that may be used once in a word', { single_use: 'yes', jti: 'a', exp: nowS + MINUTE_S }, /`single_use`/],
  ])('%s is invalid, and says why', async (_, changes, detail) => {
    expect(await verify(await sign(changes))).toEqual(invalid(detail));
  });

  it('that has expired is told apart; ten seconds are tolerated', async () => {
    expect(await verify(await sign({ exp: nowS - 11 }))).toMatchObject({ refusal: 'expired' });
    expect(await verify(await sign({ exp: nowS - 9 }))).toMatchObject({ valid: true });
    expect(await verify(await sign({ nbf: nowS + 9 }))).toMatchObject({ valid: true });
  });

  it('of a key that is not in force, or of another tenant, is invalid, alike', async () => {
    const [unknown, theirs] = [await verify(await sign({}, signer('EdDSA'))), await verify(await sign({}, foreign))];
    expect(unknown).toEqual(invalid(/no active playback key/));
    expect(theirs).toEqual(unknown);
    expect(await verify(await sign(), [])).toEqual(unknown);
  });

  it('that is too long is not even looked at', async () => {
    const token = await sign({ x: 'x'.repeat(PLAYBACK_TOKEN_CODE_LIMITS.maxTokenLength) });
    expect(await verify(token)).toEqual(invalid(/too long/));
  });
});

describe('a key that is imported', () => {
  it('is public, and of a kind that is supported', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const ed = generateKeyPairSync('ed25519');
    const pem = (key: KeyObject): string => String(key.export({ type: 'spki', format: 'pem' }));
    for (const [given, fault] of [
      [pem(rsa.publicKey), /Ed25519 key or an EC key/],
      [pem(p384.publicKey), /Ed25519 key or an EC key/],
      [String(ed.privateKey.export({ type: 'pkcs8', format: 'pem' })), /private key/],
      [ed.privateKey.export({ format: 'jwk' }), /private key/],
      ['no key', /cannot be read/],
      [{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }, /cannot be read/],
      [{ kty: 'oct', k: 'AAAA' }, /cannot be read/],
    ] as const)
      expect(importPublicKey(given)).toEqual({ fault: expect.stringMatching(fault) as string });
  });
});

/** How many forged tokens are made, then tried, together. */
const AT_ONCE = 250;

/** Numbers that look random and are the same in every run (a linear congruential generator). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
}

describe('10,000 forged tokens', () => {
  it('are refused, every one', async () => {
    const next = numbers(7);
    const publicPem = String(
      createPublicKey({ key: { ...eddsa.jwk }, format: 'jwk' }).export({ type: 'spki', format: 'pem' }),
    );
    const secrets = [
      publicPem,
      publicPem.trim(),
      eddsa.jwk.x,
      Buffer.from(eddsa.jwk.x, 'base64url'),
      '',
      JSON.stringify(eddsa.jwk),
    ];
    const hmac = (text: string): Uint8Array =>
      createHmac('sha256', secrets[next(secrets.length)]!).update(text).digest();
    const real = [await sign(), await sign({}, es256)];
    const algorithms = [
      'HS256',
      'HS384',
      'none',
      'None',
      'NONE',
      '',
      'ES256',
      'EdDSA',
      'Ed25519',
      'RS256',
      'ES384',
      'PS256',
      'ed25519',
    ];
    const forgers: (() => Promise<string> | string)[] = [
      // Algorithm confusion: the public key as the secret of an HMAC.
      () => byHand({ alg: algorithms[next(2)], kid: KEYS[next(2)]!.id }, hmac),
      () => byHand({ alg: algorithms[next(algorithms.length)], kid: KEYS[next(2)]!.id }, hmac),
      // No signature, or one of no bytes that mean anything.
      () => byHand({ alg: algorithms[next(algorithms.length)], kid: KEYS[next(2)]!.id }, () => new Uint8Array()),
      () => byHand({ alg: 'ES256', kid: es256.id }, () => new Uint8Array(64)),
      () => byHand({ alg: 'EdDSA', kid: eddsa.id }, () => new Uint8Array(64).fill(next(256))),
      () => new UnsecuredJWT(claims()).encode(),
      // A key that the token brings along.
      () =>
        byHand({ alg: 'EdDSA', kid: eddsa.id, jwk: foreign.jwk }, (text) =>
          signBytes(null, Buffer.from(text), foreign.privateKey),
        ),
      () =>
        byHand({ alg: 'EdDSA', kid: foreign.id, jku: 'https://x/' }, (text) =>
          signBytes(null, Buffer.from(text), foreign.privateKey),
        ),
      // The right key under the name of another, and its algorithm.
      () => sign({}, { ...eddsa, id: es256.id }),
      () =>
        byHand({ alg: 'EdDSA', kid: es256.id }, (text) =>
          signBytes('sha256', Buffer.from(text), { key: es256.privateKey, dsaEncoding: 'ieee-p1363' }),
        ),
      () => byHand({ alg: 'ES256', kid: es256.id }, (text) => signBytes('sha256', Buffer.from(text), es256.privateKey)),
      // A member that must be understood.
      () => byHand({ alg: 'EdDSA', kid: eddsa.id, crit: ['exp'], exp: 1 }, signed),
      // Wrong in what it says, though signed.
      () => byHand(HEADER, signed, { aud: ['rooms', 'play', 'Playback', ''][next(4)]! }),
      () => byHand(HEADER, signed, { sub: newId('pbk') }),
      () => byHand(HEADER, signed, { exp: nowS - 11 - next(100_000) }),
      () => byHand(HEADER, signed, { nbf: nowS + 11 + next(100_000) }),
      () => byHand(HEADER, signed, { viewer_id: 'ada', exp: nowS + 611 + next(80_000) }),
      () => byHand(HEADER, signed, { single_use: true, exp: nowS + next(600) }),
      () => byHand(HEADER, signed, { single_use: true, jti: `t${next(10)}`, exp: nowS + 611 + next(80_000) }),
      () => byHand(HEADER, signed, { single_use: ['true', 1, null, []][next(4)], jti: 't' }),
      () => sign({}, foreign),
      // A real one with a bit changed: of the header, the claims or the signature.
      () => flipBit(real[next(2)]!, next),
      () => flipBit(real[next(2)]!, next),
      () => flipBit(real[next(2)]!, next),
      // Parts of two.
      () => real[0]!.split('.').with(2, real[1]!.split('.')[2]!).join('.'),
      () => `${real[next(2)]!}.${'A'.repeat(next(20))}`,
      () => real[next(2)]!.slice(0, -1 - next(80)),
    ];
    const passed: string[] = [];
    for (let from = 0; from < 10_000; from += AT_ONCE) {
      const tokens = await Promise.all(
        Array.from({ length: AT_ONCE }, async (_, i) => forgers[(from + i) % forgers.length]!()),
      );
      const verdicts = await Promise.all(tokens.map((token) => verify(token)));
      passed.push(...tokens.filter((_, i) => verdicts[i]?.valid));
    }
    expect(passed).toEqual([]);
    for (const token of real) expect((await verify(token)).valid).toBe(true);
  });
});

/** Changes one bit of the bytes that one part of the token encodes. */
function flipBit(token: string, next: (below: number) => number): string {
  const parts = token.split('.');
  const at = next(3);
  const bytes = Buffer.from(parts[at]!, 'base64url');
  const bit = next(bytes.length * 8);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return parts.with(at, bytes.toString('base64url')).join('.');
}
