// "authmod=adobe", the user and password of RTMP: what Flash Media Server's AccessManager says, and what encoders answer.
//
// It is written down nowhere but in programs. An encoder that is refused with "need auth" connects again and names its user behind
// the app; it is refused with a salt and an opaque text, connects a third time, and sends a digest of them and of its password.
import { createHash } from 'node:crypto';

/** The client's step in the dialogue, by the query of its app. */
export type AdobeLogin =
  /** It wants to log in, or another way of logging in, and has to be asked for its user first. */
  | { readonly step: 'begin' }
  /** It has a user, and needs a challenge. */
  | { readonly step: 'user'; readonly user: string }
  | ({ readonly step: 'answer' } & AdobeAnswer);

export interface AdobeAnswer {
  readonly user: string;
  readonly opaque: string;
  readonly clientChallenge: string;
  /** Base 64. */
  readonly response: string;
}

/** @param app as the client sent it; undefined when it says nothing of logging in */
export function parseAdobeLogin(app: string): AdobeLogin | undefined {
  const fields = new Map<string, string>();
  for (const pair of app.split(/[?&]/).slice(1)) {
    const equals = pair.indexOf('=');
    if (equals > 0) fields.set(pair.slice(0, equals), decode(pair.slice(equals + 1)));
  }
  const [method, user = ''] = [fields.get('authmod'), fields.get('user')];
  if (method === undefined) return undefined;
  if (method !== 'adobe' || user === '') return { step: 'begin' };
  const response = untilPadding(fields.get('response'));
  const clientChallenge = untilPadding(fields.get('challenge')) ?? '';
  if (response === undefined) return { step: 'user', user };
  return { step: 'answer', user, opaque: fields.get('opaque') ?? '', clientChallenge, response };
}

/** librtmp built with GnuTLS does not end its base 64 where it ends: what follows the padding is whatever was in its memory. */
const untilPadding = (text: string | undefined): string | undefined => text && (/^[^=]*={0,2}/.exec(text)?.[0] ?? text);

/** Base 64 comes as it is, or percent-encoded: a plus sign is one. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export interface AdobeChallenge {
  readonly user: string;
  readonly salt: string;
  readonly opaque: string;
}

/** These are the texts that clients look for. FFmpeg reads no more than 255 bytes of them. */
export const ADOBE_NEED_USER = '[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ';

export const formatAdobeChallenge = ({ user, salt, opaque }: AdobeChallenge): string =>
  `[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=${user}&salt=${salt}&challenge=${opaque}&opaque=${opaque}`;

export const formatAdobeFailure = (reason: 'authfailed' | 'nosuchuser'): string =>
  `[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=${reason}`;

/** What a client with this password answers. */
export function adobeDigest(
  given: AdobeChallenge & { readonly password: string; readonly clientChallenge: string },
): Buffer {
  const { user, password, salt, opaque, clientChallenge } = given;
  const inner = createHash('md5').update(`${user}${salt}${password}`).digest('base64');
  return createHash('md5').update(`${inner}${opaque}${clientChallenge}`).digest();
}
