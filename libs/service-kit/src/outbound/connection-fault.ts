// Why a connection to another server did not come about, for people who cannot read this server's log.

const UNTRUSTED = 'the certificate is not signed by an authority that this server trusts';

/** By the code of an error of Node.js. */
const FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'there is no route to this address',
  ENETUNREACH: 'there is no route to this address',
  ENODATA: 'the name has no address',
  ENOTFOUND: 'the name does not exist',
  EPROTO: 'the server does not speak TLS, or not this version of it',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS at this port',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host name',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
};

/** @param byMessage for errors that have no code of their own */
export function connectionFault(error: unknown, byMessage: Readonly<Record<string, string>> = {}): string {
  if (!(error instanceof Error)) return String(error);
  // There were several addresses, and no connection succeeded.
  if (error instanceof AggregateError) return error.errors.map((each) => connectionFault(each, byMessage)).join('; ');
  const known = byMessage[error.message];
  if (known !== undefined) return known;
  const fault = FAULTS['code' in error ? String(error.code) : ''];
  if (fault === undefined) return error.message;
  const place = placeIn(error.message);
  return place === '' ? fault : `${fault} (${place})`;
}

/** Node.js names the address or the host name behind its own function and the code: `connect ECONNREFUSED 192.0.2.1:1935`. */
const placeIn = (message: string): string => firstLineOf(message).replace(/^[A-Za-z]\w* E[A-Z0-9_]+\s*/, '');

/** OpenSSL adds the place in its own source. */
const firstLineOf = (message: string): string => message.split(/[\n;]/, 1)[0] ?? '';
