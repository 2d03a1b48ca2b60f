import { expect, it } from 'vitest';
import { publicKeyIn } from './public-key-in.ts';

it('reads a JWK as JSON', () => {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
  expect(publicKeyIn(JSON.stringify(jwk))).toEqual({ public_jwk: jwk });
});

it.each(['-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----', 'nonsense'])('sends %j as PEM', (text) => {
  expect(publicKeyIn(text)).toEqual({ public_key: `${text}\n` });
});

it('leaves a broken JWK to the server', () => {
  expect(publicKeyIn('{"kty":')).toEqual({ public_key: '{"kty":' });
});
