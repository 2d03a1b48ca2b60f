// The address of a source as tenants type it: what may be pulled, and the credentials in it.
import { SOURCE_LIMITS, sourceProtocolOf } from '@millrace/control';
import { parseTypedUrl } from '@millrace/protocol/bytes';
import { isPassphrase, parseSrtAddress, PASSPHRASE_LENGTH } from '@millrace/protocol/srt';
import { AddressRefused } from '@millrace/service-kit';
import type { OutboundAddresses } from '@millrace/service-kit';
import { ProblemError } from '../http/problem-error.ts';

const SCHEME = /^(?:rtsps?|rtmps?|srt|https?):\/\//i;
const NO_SCHEME =
  'must be an address that begins with rtsp://, rtsps://, rtmp://, rtmps://, srt://, http:// or https://';

export interface SourceCredentials {
  readonly username: string;
  readonly password: string;
}

export interface SourceAddress {
  readonly url: string;
  readonly protocol: string;
  /** Those in the address, as manuals write them; undefined where it has none. */
  readonly credentials: SourceCredentials | undefined;
}

/**
 * Performs the checks that need no DNS; edges check the address that they connect to, each time.
 * @throws ProblemError
 */
export function readSourceAddress(text: string, addresses: OutboundAddresses): SourceAddress {
  // Stream ids of SRT begin with `#!::`, as users type them; its addresses have no fragments, and no pluses that stand for blanks.
  const typed = /^srt:/i.test(text) ? text.replaceAll('#', '%23').replaceAll('+', '%2B') : text;
  if (!SCHEME.test(typed)) throw refused(NO_SCHEME);
  const read = parseTypedUrl(typed);
  if (typeof read === 'string') throw refused(read);
  const { url, host } = read;
  const protocol = protocolOf(url);
  if (url.hash !== '') throw refused('must not contain a fragment');
  try {
    addresses.checkHost(host);
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
    throw refused(error.message);
  }
  const credentials = protocol === 'srt' ? srtCredentials(url) : credentialsOf(url);
  url.username = '';
  url.password = '';
  checkPlace(url, protocol);
  // Percent-encoded, as edges are given it, it is longer than it was typed.
  if (url.href.length > SOURCE_LIMITS.maxUrlLength)
    throw refused(`must not be of more than ${SOURCE_LIMITS.maxUrlLength} characters, percent-encoded`);
  checkSourceCredentials(protocol, credentials, '/url');
  return { url: url.href, protocol, credentials };
}

/**
 * What sources of this protocol can be shown.
 * @throws ProblemError
 */
export function checkSourceCredentials(
  protocol: string,
  credentials: SourceCredentials | undefined,
  pointer: '/url' | '/username' | '/password',
): void {
  if (credentials === undefined) return;
  if (protocol === 'rtmp' || protocol === 'rtmps')
    throw refused('of RTMP must have no user name or password: what a server asks for goes into the address', pointer);
  if (protocol !== 'srt') return;
  if (credentials.username !== '') throw refused('of SRT must have no user name: only a passphrase', pointer);
  if (!isPassphrase(credentials.password))
    throw refused(
      `of SRT must have a passphrase of ${PASSPHRASE_LENGTH.min} to ${PASSPHRASE_LENGTH.max} bytes`,
      pointer,
    );
}

function protocolOf(url: URL): string {
  const protocol = sourceProtocolOf(url);
  if (protocol !== undefined) return protocol;
  throw refused(
    url.protocol === 'http:' || url.protocol === 'https:'
      ? 'must be that of a playlist, with a path that ends in .m3u8, or of FLV, with a path that ends in .flv'
      : NO_SCHEME,
  );
}

function checkPlace({ href, pathname }: URL, protocol: string): void {
  const isRtmp = protocol === 'rtmp' || protocol === 'rtmps';
  if (isRtmp && !/^\/+[^/].*\/[^/]+$/.test(pathname))
    throw refused('must name an application and a stream, such as rtmp://example.com/live/stream');
  const fault = protocol === 'srt' ? parseSrtAddress(href) : undefined;
  if (typeof fault === 'string') throw refused(fault);
}

/** The passphrase is taken out of the query. */
function srtCredentials(url: URL): SourceCredentials | undefined {
  if (url.username !== '' || url.password !== '')
    throw refused('of SRT must have no user name or password before its host: a passphrase is an option of it');
  const passphrase = url.searchParams.get('passphrase');
  if (passphrase === null) return undefined;
  url.searchParams.delete('passphrase');
  // Edges read a plus as it stands.
  url.search = url.search.replaceAll('+', '%20');
  return { username: '', password: passphrase };
}

function credentialsOf({ username, password }: URL): SourceCredentials | undefined {
  if (username === '' && password === '') return undefined;
  const [user, secret] = [decoded(username), decoded(password)];
  const max = SOURCE_LIMITS.maxCredentialLength;
  if (user.length > max || secret.length > max)
    throw refused(`must not contain a user name or password of more than ${max} characters`);
  return { username: user, password: secret };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    // A percent sign that stands for itself.
    if (error instanceof URIError) return text;
    throw error;
  }
}

/** Whether credentials that were given for one address may be shown at another one: to the same host, and not without encryption. */
export function isOfOneSource(before: string, after: string): boolean {
  const [from, to] = [new URL(before), new URL(after)];
  const isSecured = to.protocol === from.protocol.replace(':', 's:');
  return from.host === to.host && (from.protocol === to.protocol || isSecured);
}

/** As audit events keep it: a query may hold a secret of the camera. */
export function withoutQuery(address: string): string {
  const url = new URL(address);
  url.search = '';
  return url.href;
}

const refused = (detail: string, pointer = '/url'): ProblemError =>
  new ProblemError('invalid_request', 'The request is invalid; `errors` lists the problems.', {
    errors: [{ pointer, detail }],
  });
