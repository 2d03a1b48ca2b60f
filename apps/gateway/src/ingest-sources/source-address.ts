// The address of a source as tenants type it: what may be pulled, and the credentials in it.
import { SOURCE_LIMITS } from '@millrace/control';
import { AddressRefused } from '@millrace/service-kit';
import type { OutboundAddresses } from '@millrace/service-kit';
import { ProblemError } from '../http/problem-error.ts';

/** Schemes that edges pull. */
export const SOURCE_PROTOCOLS = ['rtsp', 'rtsps'] as const;

const CONTROL = /\p{Cc}/u;

export interface SourceCredentials {
  readonly username: string;
  readonly password: string;
}

export interface SourceAddress {
  readonly url: string;
  readonly protocol: string;
  /** Those in the address, as cameras' manuals write them; undefined where it has none. */
  readonly credentials: SourceCredentials | undefined;
}

/**
 * Performs the checks that need no DNS; edges check the address that they connect to, each time.
 * @throws ProblemError
 */
export function readSourceAddress(text: string, addresses: OutboundAddresses): SourceAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const protocol = url?.protocol.slice(0, -1) ?? '';
  if (url === undefined || !(SOURCE_PROTOCOLS as readonly string[]).includes(protocol) || url.hostname === '')
    throw refused(`must be an address that begins with ${SOURCE_PROTOCOLS.map((name) => `${name}://`).join(' or ')}`);
  if (url.hash !== '') throw refused('must not contain a fragment');
  if (/[\p{Cc}\s]/u.test(text)) throw refused('must not contain blanks or control characters');
  try {
    addresses.checkHost(url.hostname.replace(/^\[|\]$/g, ''));
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
    throw refused(error.message);
  }
  const credentials = credentialsOf(url);
  url.username = '';
  url.password = '';
  // Percent-encoded, as edges are given it, it is longer than it was typed.
  if (url.href.length > SOURCE_LIMITS.maxUrlLength)
    throw refused(`must not be of more than ${SOURCE_LIMITS.maxUrlLength} characters, percent-encoded`);
  return { url: url.href, protocol, credentials };
}

function credentialsOf({ username, password }: URL): SourceCredentials | undefined {
  if (username === '' && password === '') return undefined;
  const [user, secret] = [decoded(username), decoded(password)];
  const max = SOURCE_LIMITS.maxCredentialLength;
  if (user.length > max || secret.length > max)
    throw refused(`must not contain a user name or password of more than ${max} characters`);
  // Percent-encoded, they pass the check of the address itself.
  if (CONTROL.test(user) || CONTROL.test(secret))
    throw refused('must not contain a user name or password with control characters');
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

/** As audit events keep it: a query may hold a secret of the camera. */
export function withoutQuery(address: string): string {
  const url = new URL(address);
  url.search = '';
  return url.href;
}

const refused = (detail: string): ProblemError =>
  new ProblemError('invalid_request', 'The request is invalid; `errors` lists the problems.', {
    errors: [{ pointer: '/url', detail }],
  });
