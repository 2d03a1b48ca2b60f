// What an encoder shows in order to publish: a stream key as part of the address, or as the password; or a digest of the key whose id is in
// the address.
import type { PublishLogin } from '@millrace/control';
import { isId, isSecretKey, SecretPrefix } from '@millrace/domain';
import type { ShownCredentials } from '@millrace/ingest';
import { parseBasicCredentials, parseDigestCredentials } from '@millrace/protocol/rtsp';
import type { DigestCredentials, RtspRequest } from '@millrace/protocol/rtsp';
import { REALM } from '../channel/login-challenge.ts';

/** The first part of an address that is published to. */
export const PUBLISH_APP = 'live';

/** It is logged with each publish. */
const MAX_NAME_LENGTH = 128;
const UNKNOWN = 'an encoder that does not say its name';

/** The id of a stream key that an address names; the key itself is then shown, or proven, by the client. */
export const namedKeyId = (url: URL): string | undefined => url.pathname.split('/').find((part) => isId('skey', part));

/** @returns undefined when there is no key at all: the client is asked for a password then */
export function shownCredentials(url: URL, { uri, method, headers }: RtspRequest): ShownCredentials | undefined {
  const encoder = headers.get('user-agent')?.slice(0, MAX_NAME_LENGTH) ?? UNKNOWN;
  const [, ...path] = url.pathname.split('/').filter((part) => part !== '');
  const parameters = [...url.searchParams.values()];
  const candidates = [...path.map(decoded), ...parameters];
  const authorization = headers.get('authorization');
  const isBackup = url.searchParams.get('backup') === '1';
  const keyId = namedKeyId(url);
  const proof = authorization === undefined ? undefined : parseDigestCredentials(authorization);
  if (keyId !== undefined && proof !== undefined)
    return proof.uri === uri && proof.realm === REALM
      ? { encoder, isBackup, login: loginOf(keyId, method, proof) }
      : undefined;
  const password = authorization === undefined ? undefined : parseBasicCredentials(authorization)?.password;
  if (password !== undefined) candidates.push(password);
  const key =
    candidates.find((text) => isSecretKey(SecretPrefix.streamKey, text)) ??
    password ??
    (keyId === undefined ? path.at(0) : undefined);
  return key === undefined ? undefined : { encoder, isBackup, key, app: PUBLISH_APP };
}

/** A digest cannot be looked for among all keys: the address says whose it is, and the user may be anything. */
const loginOf = (
  user: string,
  method: string,
  { username, realm, nonce, uri, response, algorithm, counted }: DigestCredentials,
): Omit<PublishLogin, 'attempt'> => ({
  user,
  opaque: nonce,
  clientChallenge: '',
  response,
  digest: { algorithm, username, realm, method, uri, counted },
});

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
