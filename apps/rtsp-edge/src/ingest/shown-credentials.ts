// What an encoder shows in order to publish: a stream key as part of the address, or as the password.
import { isSecretKey, SecretPrefix } from '@millrace/domain';
import type { ShownCredentials } from '@millrace/ingest';
import { parseBasicCredentials } from '@millrace/protocol/rtsp';
import type { RtspHeaders } from '@millrace/protocol/rtsp';

/** The first part of an address that is published to. */
export const PUBLISH_APP = 'live';

/** It is logged with each publish. */
const MAX_NAME_LENGTH = 128;
const UNKNOWN = 'an encoder that does not say its name';

/** @returns undefined when there is no key at all: the client is asked for a password then */
export function shownCredentials(url: URL, headers: RtspHeaders): ShownCredentials | undefined {
  const encoder = headers.get('user-agent')?.slice(0, MAX_NAME_LENGTH) ?? UNKNOWN;
  const [, ...path] = url.pathname.split('/').filter((part) => part !== '');
  const parameters = [...url.searchParams.values()];
  const candidates = [...path.map(decoded), ...parameters];
  const authorization = headers.get('authorization');
  const password = authorization === undefined ? undefined : parseBasicCredentials(authorization)?.password;
  if (password !== undefined) candidates.push(password);
  const key = candidates.find((text) => isSecretKey(SecretPrefix.streamKey, text)) ?? password ?? path.at(0);
  return key === undefined ? undefined : { encoder, key, app: PUBLISH_APP };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
