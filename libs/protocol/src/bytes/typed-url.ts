// The one rule for URLs that people type, in requests and in settings: what no connection can be made to is refused, part by part.

export interface TypedUrl {
  /** With the host in its one form. */
  readonly url: URL;
  /** A name of DNS, or an address without the brackets of IPv6. */
  readonly host: string;
}

/** RFC 3986 section 3: user information, host, port, path, query and fragment. */
const PARTS = /^[a-z][a-z\d+.-]*:\/\/(?:([^/?#]*)@)?(\[[^\]]*\]|[^:/?#]*)(?::([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?$/isu;
const MAX_PORT = 65_535;
/** RFC 1035 section 2.3.4. */
const MAX_NAME_LENGTH = 253;
/** One label of a host name (RFC 1123 section 2.1), or one with the underscores that names inside of networks have. */
const LABEL = /^[a-z\d_-]{1,63}$/;
const CONTROL = /\p{Cc}/u;
/** Those of `\p{Cc}`, in UTF-8. */
const ENCODED_CONTROL = /%(?:[01][\da-f]|7f|c2%[89][\da-f])/i;

/** @returns what is wrong with it, for its author */
export function parseTypedUrl(text: string): TypedUrl | string {
  const parts = PARTS.exec(text);
  if (parts === null) return 'must be a URL such as scheme://host/path';
  const [, user = '', host = '', port = '', path = '', query = '', fragment = ''] = parts;
  const isHttp = /^https?:/i.test(text);
  const fault =
    faultOf(user, 'user name or password') ??
    faultOf(host, 'host') ??
    faultOf(port, 'port') ??
    faultOf(path, 'path', isHttp) ??
    faultOf(query, 'query', isHttp) ??
    faultOf(fragment, 'fragment', isHttp);
  if (fault !== undefined) return fault;
  // What the parser of URLs refuses is the host or the port.
  if (!isPort(port)) return NO_PORT;
  if (!URL.canParse(text)) return host === '' ? NO_HOST : WRONG_HOST;
  return readUrl(new URL(text));
}

/** Likewise, of a URL that is parsed already: what is before its path. */
export function readUrl(parsed: URL): TypedUrl | string {
  const url = new URL(parsed);
  if (url.port === '0') return NO_PORT;
  if (url.host === '') return NO_HOST;
  // Only for schemes that it knows does the parser bring host names and IPv4 addresses into their one form.
  const known = `http://${url.hostname}`;
  const hostname = URL.canParse(known) ? new URL(known).hostname : '';
  const isAddress = hostname.startsWith('[');
  const name = hostname.replace(/\.$/, '');
  if (!isAddress && (name.length > MAX_NAME_LENGTH || !name.split('.').every((label) => LABEL.test(label))))
    return WRONG_HOST;
  url.hostname = hostname;
  return { url, host: isAddress ? hostname.slice(1, -1) : hostname };
}

const NO_HOST = 'must name a host';
const NO_PORT = `must have a port of 1 to ${MAX_PORT}`;
const WRONG_HOST = 'must have a host name or an IP address as its host';

/** An empty one is that of the scheme. */
const isPort = (text: string): boolean =>
  text === '' || (/^\d+$/.test(text) && Number(text) > 0 && Number(text) <= MAX_PORT);

/** @param isOpaque whether it goes to its server as it stands, so that what is percent-encoded in it is for the server to judge */
function faultOf(text: string, part: string, isOpaque = false): string | undefined {
  if (!text.isWellFormed()) return `must not contain half of a surrogate pair in its ${part}`;
  if (CONTROL.test(text)) return `must not contain control characters in its ${part}`;
  if (/\s/u.test(text)) return `must not contain blanks in its ${part}`;
  if (!isOpaque && ENCODED_CONTROL.test(text))
    return `must not contain control characters in its ${part}, percent-encoded ones included`;
  return undefined;
}
