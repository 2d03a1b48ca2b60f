// Why a server cannot be reached, and what to do about it.
import { CliError } from '../command-line/cli-error.ts';
import { ExitCode } from '../command-line/exit-code.ts';

interface Failure {
  readonly what: string;
  readonly advice: string;
}

const NO_ANSWER: Failure = {
  what: 'no answer in time',
  advice: 'Check the firewall between this machine and the server.',
};
const NO_ROUTE: Failure = { what: 'there is no route to it', advice: 'Check the address and the network.' };
const CUT: Failure = {
  what: 'the connection was cut',
  advice: 'Check that the port is the right one, and whether it expects TLS.',
};
const NO_TLS: Failure = {
  what: 'the port does not speak TLS',
  advice: 'Use the address without TLS (http, rtmp), or the port of TLS.',
};
const PRIVATE_AUTHORITY: Failure = {
  what: 'the certificate is of an authority that this machine does not know',
  advice: 'Set NODE_EXTRA_CA_CERTS to a file with the certificate of that authority.',
};

/** By the code of Node's error. */
const FAILURES: Readonly<Record<string, Failure>> = {
  ECONNREFUSED: {
    what: 'nothing listens there',
    advice: 'Start the server, or check host and port.',
  },
  ENOTFOUND: { what: 'the name does not exist', advice: 'Check the host name and its DNS record.' },
  EAI_AGAIN: {
    what: 'the name server does not answer',
    advice: 'Check the network and the name servers of this machine.',
  },
  ETIMEDOUT: NO_ANSWER,
  UND_ERR_CONNECT_TIMEOUT: NO_ANSWER,
  EHOSTUNREACH: NO_ROUTE,
  ENETUNREACH: NO_ROUTE,
  ECONNRESET: CUT,
  EPIPE: CUT,
  UND_ERR_SOCKET: CUT,
  HPE_INVALID_CONSTANT: { what: 'what listens there is no web server', advice: 'Check the port.' },
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  CERT_HAS_EXPIRED: { what: 'the certificate has expired', advice: 'Renew the certificate.' },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    what: 'the certificate is for another name',
    advice: 'Use the name that the certificate is for, or get one for this name.',
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    what: 'the certificate is self-signed',
    advice: 'Set NODE_EXTRA_CA_CERTS to a file with it, or use a certificate of an authority.',
  },
  SELF_SIGNED_CERT_IN_CHAIN: PRIVATE_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: PRIVATE_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: {
    what: 'the server does not send the certificates between its own and the authority',
    advice: 'Configure the full chain on the server.',
  },
};

/** Says what an error of a socket, of TLS or of `fetch` means. */
export function explainFailure(error: unknown): Failure {
  for (let each: unknown = error, depth = 0; each instanceof Error && depth < 5; depth++) {
    if (each.name === 'TimeoutError' || each.name === 'AbortError') return NO_ANSWER;
    const code = 'code' in each && typeof each.code === 'string' ? each.code : '';
    const known = FAILURES[code];
    if (known !== undefined) return known;
    // Several addresses were tried: the first failure says as much as any.
    each = each instanceof AggregateError && each.errors.length > 0 ? (each.errors[0] as unknown) : each.cause;
  }
  let cause: unknown = error;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  return { what: text, advice: 'Run "millrace doctor" to find out where it fails.' };
}

export function unreachable(url: URL, error: unknown): CliError {
  const { what, advice } = explainFailure(error);
  return new CliError(ExitCode.unreachable, `cannot reach ${url.origin}: ${what}`, { advice, cause: error });
}
