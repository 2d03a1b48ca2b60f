// RFC 7235 section 4.1: what a server wants to be shown, and the header that shows it, as a client does.
import { randomBytes } from 'node:crypto';
import { DIGEST_ALGORITHMS, digestResponse } from './digest.ts';
import type { DigestAlgorithm } from './digest.ts';

export type RtspChallenge =
  | { readonly scheme: 'basic' }
  | {
      readonly scheme: 'digest';
      readonly realm: string;
      readonly nonce: string;
      readonly algorithm: DigestAlgorithm;
      readonly opaque: string | undefined;
      /** Whether `qop=auth` is wanted; without it, as RFC 2069 had it. */
      readonly isCounted: boolean;
    };

export interface RtspCredentials {
  readonly username: string;
  readonly password: string;
}

/** More than a server sends. */
const MAX_PARAMETERS = 32;
/** What is behind it is not read. */
const MAX_HEADER_LENGTH = 4_096;
/** A scheme, a parameter, or both: those of a scheme follow it, until another scheme does. */
const PART =
  /\s*(?:([a-z][a-z0-9-]*)(?=\s|,|$)(?!\s*=))?\s*(?:([a-z0-9-]+)\s*=\s*(?:"((?:[^"\\]|\\.){0,4096})"|([^\s",]{1,1024})))?\s*(?:,|$)/giy;

/** @param text of `WWW-Authenticate`, all of them joined by commas. @returns those that a client here can answer, the strongest first */
export function parseChallenges(text: string): RtspChallenge[] {
  const header = text.slice(0, MAX_HEADER_LENGTH);
  const found: { scheme: string; values: Map<string, string> }[] = [];
  PART.lastIndex = 0;
  for (let count = 0; PART.lastIndex < header.length && count < MAX_PARAMETERS; count++) {
    const [matched, scheme, name, quoted, token] = PART.exec(header) ?? [];
    // What cannot be read ends it: what was read before counts.
    if (matched === undefined) break;
    if (scheme !== undefined) found.push({ scheme: scheme.toLowerCase(), values: new Map() });
    const values = found.at(-1)?.values;
    if (name === undefined || values?.has(name.toLowerCase()) !== false) continue;
    values.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? token ?? '');
  }
  return found.flatMap(({ scheme, values }) => challengeOf(scheme, values) ?? []).sort((a, b) => rank(a) - rank(b));
}

/** RFC 7616 section 3.7: "The client SHOULD choose the first challenge it understands"; the strongest, as browsers do. */
const rank = (challenge: RtspChallenge): number =>
  challenge.scheme === 'basic' ? DIGEST_ALGORITHMS.length : DIGEST_ALGORITHMS.indexOf(challenge.algorithm);

function challengeOf(scheme: string, values: ReadonlyMap<string, string>): RtspChallenge | undefined {
  if (scheme === 'basic') return { scheme };
  const [realm, nonce] = [values.get('realm'), values.get('nonce')];
  const named = (values.get('algorithm') ?? 'MD5').toUpperCase();
  const algorithm = DIGEST_ALGORITHMS.find((each) => each === named);
  if (scheme !== 'digest' || realm === undefined || nonce === undefined || algorithm === undefined) return undefined;
  const qop = values
    .get('qop')
    ?.split(',')
    .map((each) => each.trim().toLowerCase());
  // `auth-int` alone would need the body as well.
  if (qop !== undefined && !qop.includes('auth')) return undefined;
  return { scheme, realm, nonce, algorithm, opaque: values.get('opaque'), isCounted: qop !== undefined };
}

/** Answers a challenge, for one request after another. */
export class RtspAuthorization {
  readonly #challenge: RtspChallenge;
  readonly #credentials: RtspCredentials;
  readonly #cnonce: string;
  #count = 0;

  constructor(challenge: RtspChallenge, credentials: RtspCredentials, cnonce = randomBytes(8).toString('hex')) {
    this.#challenge = challenge;
    this.#credentials = credentials;
    this.#cnonce = cnonce;
  }

  /** What belongs to a proof and is not to be shown, beside the proof itself. */
  get secrets(): readonly string[] {
    const challenge = this.#challenge;
    return challenge.scheme === 'basic' ? [] : [challenge.nonce, this.#cnonce, challenge.opaque ?? ''];
  }

  /** The header `Authorization` of a request. */
  header(method: string, uri: string): string {
    const { username, password } = this.#credentials;
    const challenge = this.#challenge;
    if (challenge.scheme === 'basic')
      return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
    const { realm, nonce, algorithm, opaque, isCounted } = challenge;
    const counted = isCounted ? { nc: (++this.#count).toString(16).padStart(8, '0'), cnonce: this.#cnonce } : undefined;
    const response = digestResponse({ username, realm, nonce, uri, algorithm, counted }, password, method);
    return [
      `Digest username=${quote(username)}, realm=${quote(realm)}, nonce=${quote(nonce)}, uri=${quote(uri)}`,
      `response="${response}"`,
      // Servers that know MD5 alone may not know the parameter.
      ...(algorithm === 'MD5' ? [] : [`algorithm=${algorithm}`]),
      ...(opaque === undefined ? [] : [`opaque=${quote(opaque)}`]),
      ...(counted === undefined ? [] : [`qop=auth, nc=${counted.nc}, cnonce="${counted.cnonce}"`]),
    ].join(', ');
  }
}

const quote = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
