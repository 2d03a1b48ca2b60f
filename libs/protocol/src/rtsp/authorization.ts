// RFC 7617: credentials of the scheme Basic, which RTSP takes from HTTP (RFC 2326 section 14).

export interface BasicCredentials {
  readonly user: string;
  readonly password: string;
}

const BASIC = /^basic\s+([A-Za-z0-9+/]+={0,2})$/i;

/** @param header of `Authorization`. @returns undefined when it is of another scheme, or malformed */
export function parseBasicCredentials(header: string): BasicCredentials | undefined {
  const encoded = BASIC.exec(header.trim())?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const at = text.indexOf(':');
  return at < 0 ? undefined : { user: text.slice(0, at), password: text.slice(at + 1) };
}
