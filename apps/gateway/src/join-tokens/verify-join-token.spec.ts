import { newId, newSecretKey } from '@millrace/domain';
import { SignJWT, UnsecuredJWT } from 'jose';
import type { JWTPayload } from 'jose';
import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ROOM_CODE_LIMITS } from '../room-limits.ts';
import { issueJoinToken } from './issue-join-token.ts';
import { permissionsOf, signingBytes } from './join-claims.ts';
import { verifyJoinToken } from './verify-join-token.ts';

const tenantId = newId('ten');
const roomId = newId('room');
const key = { id: newId('sgk'), secret: newSecretKey('mr_sg') };
const otherTenant = { id: newId('ten'), key: { id: newId('sgk'), secret: newSecretKey('mr_sg') } };
const nowMs = 1_790_000_000_000;
const nowS = nowMs / 1_000;
const HOUR_S = 3_600;
const rules = { nowMs, maxTtlMs: 24 * HOUR_S * 1_000 };

const findSecret = async (iss: string, kid: string): Promise<string | undefined> => {
  if (iss === tenantId && kid === key.id) return key.secret;
  return iss === otherTenant.id && kid === otherTenant.key.id ? otherTenant.key.secret : undefined;
};
const verify = (token: string) => verifyJoinToken(token, findSecret, rules);

/** As a tenant makes it, with whatever is to be wrong. */
const sign = (changes: JWTPayload = {}, header: object = {}, secret = key.secret): Promise<string> =>
  new SignJWT({ iss: tenantId, room: roomId, iat: nowS, exp: nowS + HOUR_S, ...changes })
    .setProtectedHeader({ alg: 'HS256', kid: key.id, ...header })
    .sign(signingBytes(secret));

/** With nothing but what every language has. */
function byHand(header: object, hash = 'sha256'): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part(header)}.${part({ iss: tenantId, room: roomId, iat: nowS, exp: nowS + 60 })}`;
  return `${text}.${createHmac(hash, key.secret).update(text).digest('base64url')}`;
}

const bad = (refusal: string) => ({ valid: false, refusal });

describe('a join token', () => {
  it('says who may do what, where', async () => {
    const token = await issueJoinToken(
      {
        tenantId,
        roomId,
        identity: 'ada',
        name: 'Ada',
        permissions: { publish: true, chat: false, rename: true },
        tokenId: 'tok_1',
        issuedAtS: nowS,
        expiresAtS: nowS + HOUR_S,
      },
      key,
    );
    expect(await verify(token)).toEqual({
      valid: true,
      keyId: key.id,
      tokenId: 'tok_1',
      claims: {
        iss: tenantId,
        sub: 'ada',
        room: roomId,
        name: 'Ada',
        jti: 'tok_1',
        permissions: { publish: true, chat: false, rename: true },
        iat: nowS,
        exp: nowS + HOUR_S,
      },
    });
  });

  it('made by hand, with nothing but an HMAC, is as good; it may do all that it does not speak of', async () => {
    const token = byHand({ alg: 'HS256', kid: key.id });
    expect(await verify(token)).toMatchObject({ claims: { permissions: { publish: true, chat: true } } });
  });

  it('without a jti is named by what it is; a jti of another form names nothing', async () => {
    const token = byHand({ alg: 'HS256', kid: key.id });
    const hash = createHash('sha256').update(token).digest('base64url');
    expect(await verify(token)).toMatchObject({ valid: true, tokenId: hash });
    expect(await verify(await sign({ jti: 'mine' }))).toMatchObject({ tokenId: 'mine' });
    for (const jti of ['', 'x'.repeat(129), 7])
      expect(await verify(await sign({ jti } as never))).toMatchObject({
        valid: true,
        tokenId: expect.stringMatching(/^[\w-]{43}$/) as string,
      });
  });

  it.each([
    [{}, true],
    [{ name: 'Ada' }, false],
    [{ name: 'Ada', permissions: {} }, false],
    [{ name: 'Ada', permissions: { rename: true } }, true],
    [{ permissions: { rename: false } }, false],
  ])('%j lets its bearer choose a name: %s', async (claims, rename) => {
    const verdict = await verify(await sign(claims));
    expect(verdict.valid && permissionsOf(verdict.claims)).toEqual({ publish: true, chat: true, rename });
  });

  it('may carry unknown claims', async () => {
    expect(await verify(await sign({ jti: 'x', app: { seat: 4 } }))).toMatchObject({ valid: true });
  });

  it.each([
    ['exp', { exp: nowS - 11 }, 'token_expired'],
    ['nbf', { nbf: nowS + 11 }, 'token_not_yet_valid'],
    ['iat in the future', { iat: nowS + 11 }, 'token_not_yet_valid'],
  ])('is refused by its times: %s', async (_, changes, refusal) => {
    expect(await verify(await sign(changes))).toEqual(bad(refusal));
  });

  it('longer than any is bad, however well it is signed', async () => {
    const padded = async (length: number): Promise<string> => {
      const bare = await sign({ pad: '' });
      // Three bytes are four characters.
      return sign({ pad: 'x'.repeat(Math.floor(((length - bare.length) * 3) / 4)) });
    };
    const longest = await padded(ROOM_CODE_LIMITS.maxTokenLength - 4);
    expect(longest.length).toBeGreaterThan(ROOM_CODE_LIMITS.maxTokenLength - 12);
    expect(await verify(longest)).toMatchObject({ valid: true });
    expect(await verify(await padded(ROOM_CODE_LIMITS.maxTokenLength + 8))).toEqual(bad('bad_token'));
  });

  it.each([
    ['another algorithm', { alg: 'HS384' }],
    ['no key', { kid: undefined }],
  ])('with %s costs no look-up of its key', async (_, header) => {
    const asked: string[] = [];
    const find = async (iss: string, kid: string) => {
      asked.push(kid);
      return findSecret(iss, kid);
    };
    expect(await verifyJoinToken(byHand({ alg: 'HS256', kid: key.id, ...header }), find, rules)).toEqual(
      bad('bad_token'),
    );
    expect(asked).toEqual([]);
  });

  it('forgives clocks that are a little apart', async () => {
    expect(await verify(await sign({ exp: nowS - 9 }))).toMatchObject({ valid: true });
    expect(await verify(await sign({ nbf: nowS + 9, iat: nowS + 9 }))).toMatchObject({ valid: true });
  });

  it.each<[string, JWTPayload]>([
    ['no exp', { exp: undefined }],
    ['no iat', { iat: undefined }],
    ['no room', { room: undefined }],
    ['a room that is no id', { room: 'lobby' }],
    ['too long a life', { exp: nowS + 25 * HOUR_S }],
    ['a life that began long ago', { iat: nowS - 24 * HOUR_S, exp: nowS + HOUR_S }],
    ['exp as text', { exp: '9999999999' as unknown as number }],
    ['nbf as text', { nbf: 'never' as unknown as number }],
    ['an identity that is empty', { sub: '' }],
    ['an endless identity', { sub: 'x'.repeat(129) }],
    ['a name with a line break', { name: 'Ada\nEve' }],
    ['a name that turns the direction of writing', { name: 'Ada\u202e' }],
    ['an unknown permission', { permissions: { publish: true, record: true } }],
    ['a permission as text', { permissions: { publish: 'yes' } }],
    ['an audience that is not us', { aud: 'https://other.example' }],
    ['another issuer than its key', { iss: otherTenant.id }],
    ['an issuer that is no id', { iss: 'nobody' }],
  ])('with %s is bad', async (_, changes) => {
    expect(await verify(await sign(changes))).toEqual(bad('bad_token'));
  });

  it.each([
    ['another algorithm', { alg: 'HS384' }, 'sha384'],
    ['the key of another tenant', { kid: otherTenant.key.id }, 'sha256'],
    ['a key that does not exist', { kid: newId('sgk') }, 'sha256'],
    ['no key', { kid: undefined }, 'sha256'],
    ['a number as key', { kid: 7 }, 'sha256'],
    ['an unknown critical header', { crit: ['x'], x: 1 }, 'sha256'],
  ])('whose header names %s is bad', async (_, header, hash) => {
    expect(await verify(byHand({ alg: 'HS256', kid: key.id, ...header }, hash))).toEqual(bad('bad_token'));
  });

  it('without a signature is bad, however it says so', async () => {
    const unsecured = new UnsecuredJWT({ iss: tenantId, room: roomId, iat: nowS, exp: nowS + 60 }).encode();
    const [header = '', payload = ''] = (await sign()).split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none', kid: key.id })).toString('base64url');
    for (const token of [unsecured, `${header}.${payload}.`, `${none}.${payload}.`, `${none}.${payload}`])
      expect(await verify(token), token).toEqual(bad('bad_token'));
  });

  it('that was changed, or signed with another key, is bad', async () => {
    const [header = '', payload = '', signature = ''] = (await sign()).split('.');
    const [, otherPayload = ''] = (await sign({ room: newId('room') })).split('.');
    for (const token of [
      `${header}.${otherPayload}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -2)}`,
      `${header}.${payload}.${Buffer.alloc(32).toString('base64url')}`,
      await sign({}, {}, otherTenant.key.secret),
    ])
      expect(await verify(token), token).toEqual(bad('bad_token'));
  });

  it('that is another tenant’s is good for that tenant alone', async () => {
    const theirs = await sign({ iss: otherTenant.id }, { kid: otherTenant.key.id }, otherTenant.key.secret);
    expect(await verify(theirs)).toMatchObject({ valid: true, claims: { iss: otherTenant.id } });
    const forged = await sign({ iss: tenantId }, { kid: otherTenant.key.id }, otherTenant.key.secret);
    expect(await verify(forged)).toEqual(bad('bad_token'));
  });

  it.each(['', '.', '..', 'a.b.c', 'x'.repeat(5_000), '{}', 'null', 'e30.e30.', 'e30.bnVsbA.x', '\0', 'é.é.é'])(
    'is not %j',
    async (text) => {
      expect(await verify(text)).toEqual(bad('bad_token'));
    },
  );
});
