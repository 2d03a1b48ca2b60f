// RFC 7616: the scheme Digest, which RTSP takes from HTTP (RFC 2326 section 14); also as RFC 2069 had it, without `qop`.
import { createHash } from 'node:crypto';

export const DIGEST_ALGORITHMS = ['SHA-256', 'MD5'] as const;
export type DigestAlgorithm = (typeof DIGEST_ALGORITHMS)[number];
const HASHES: Readonly<Record<DigestAlgorithm, string>> = { 'SHA-256': 'sha256', MD5: 'md5' };

export interface DigestCredentials {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  /** Hexadecimal, in lower case. */
  readonly response: string;
  readonly algorithm: DigestAlgorithm;
  /** What `qop=auth` adds; undefined without it. */
  readonly counted: { readonly nc: string; readonly cnonce: string } | undefined;
}

/** More than a client sends. */
const MAX_PARAMETERS = 16;
const PARAMETER = /\s*([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.){0,4096})"|([^\s",]{1,256}))\s*(?:,|$)/giy;

/** @param header of `Authorization`. @returns undefined when it is of another scheme, malformed, or of an algorithm that is not known */
export function parseDigestCredentials(header: string): DigestCredentials | undefined {
  const scheme = /^\s*digest\s+/i.exec(header);
  if (scheme === null) return undefined;
  const values = new Map<string, string>();
  const rest = header.slice(scheme[0].length);
  PARAMETER.lastIndex = 0;
  while (PARAMETER.lastIndex < rest.length) {
    const [, name, quoted, token] = PARAMETER.exec(rest) ?? [];
    if (name === undefined || values.size >= MAX_PARAMETERS) return undefined;
    // The first one counts: a second one is an attempt to be understood in two ways.
    const key = name.toLowerCase();
    if (!values.has(key)) values.set(key, quoted?.replaceAll(/\\(.)/g, '$1') ?? token ?? '');
  }
  const [username, realm, nonce, uri] = ['username', 'realm', 'nonce', 'uri'].map((name) => values.get(name));
  const response = values.get('response')?.toLowerCase();
  // RFC 7616 section 3.3: "If this is not present, it is assumed to be MD5".
  const named = (values.get('algorithm') ?? 'MD5').toUpperCase();
  const algorithm = DIGEST_ALGORITHMS.find((each) => each === named);
  if (username === undefined || realm === undefined || nonce === undefined || uri === undefined) return undefined;
  if (response === undefined || algorithm === undefined) return undefined;
  const qop = values.get('qop');
  if (qop !== undefined && qop !== 'auth') return undefined;
  const [nc, cnonce] = [values.get('nc'), values.get('cnonce')];
  if (qop !== undefined && (nc === undefined || cnonce === undefined)) return undefined;
  const counted = qop === undefined ? undefined : { nc: nc!, cnonce: cnonce! };
  return { username, realm, nonce, uri, response, algorithm, counted };
}

/** Hashes of these algorithms, as servers may repeat them. */
const REPEATED_HASH = /[\da-f]{32,}/gi;

/** What a server says, without proofs that it was shown: from one, a weak password can be guessed without asking the server again. */
export const withoutDigests = (text: string): string => text.replaceAll(REPEATED_HASH, '***');

/** Section 3.4.1: what `response` has to be. @param method of the request */
export function digestResponse(
  { username, realm, nonce, uri, algorithm, counted }: Omit<DigestCredentials, 'response'>,
  password: string,
  method: string,
): string {
  const hash = (...parts: readonly string[]): string =>
    createHash(HASHES[algorithm]).update(parts.join(':'), 'utf8').digest('hex');
  const [a1, a2] = [hash(username, realm, password), hash(method, uri)];
  return counted === undefined ? hash(a1, nonce, a2) : hash(a1, nonce, counted.nc, counted.cnonce, 'auth', a2);
}
