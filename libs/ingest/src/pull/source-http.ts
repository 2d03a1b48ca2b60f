// HTTP requests to a source: every address is checked, also that of a redirect, and what is read is bounded.
import { Agent as HttpAgent, request as requestHttp, STATUS_CODES } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { secretsOfQuery, withoutCredentials, withoutSecrets } from '@millrace/protocol/bytes';
import { lookupOf } from '@millrace/service-kit';
import type { OutboundAddresses } from '@millrace/service-kit';
import { quotedLine, SourceFault } from './source-fault.ts';

const USER_AGENT = 'Millrace';
/** Of one source: a playlist and a segment. */
const MAX_SOCKETS = 2;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export interface SourceHttpOptions {
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly addresses: OutboundAddresses;
  readonly maxRedirects: number;
}

export interface HttpAnswer {
  /** Of the answer, after redirects: what is relative in it begins here. */
  readonly url: URL;
  readonly body: IncomingMessage;
}

export interface HttpQuestion {
  readonly signal: AbortSignal;
  /** First and last byte. */
  readonly range?: readonly [number, number] | undefined;
}

/** One source. Its connections are kept between requests. */
export class SourceHttp {
  readonly #options: SourceHttpOptions;
  readonly #first: URL;
  readonly #agents = {
    'http:': new HttpAgent({ keepAlive: true, maxSockets: MAX_SOCKETS }),
    'https:': new HttpsAgent({ keepAlive: true, maxSockets: MAX_SOCKETS }),
  };

  constructor(options: SourceHttpOptions) {
    this.#options = options;
    this.#first = new URL(options.url);
  }

  /** @returns an answer of 200 or 206, whose body is yet to be read @throws what `sourceFaultOf` takes */
  async get(from: URL, question: HttpQuestion): Promise<HttpAnswer> {
    let url = from;
    for (let redirects = 0; ; redirects++) {
      const body = await this.#ask(url, question);
      const { statusCode = 0, headers } = body;
      if (statusCode === 200 || statusCode === 206) return { url, body: checked(body, question) };
      // What is not read would hold the connection.
      body.destroy();
      if (!REDIRECTS.has(statusCode) || headers.location === undefined)
        throw new SourceFault(this.#refusal(url, statusCode));
      if (redirects >= this.#options.maxRedirects)
        throw new SourceFault(`the source redirects more than ${this.#options.maxRedirects} times`);
      url = redirected(headers.location, url);
    }
  }

  /** What the server of an answer calls itself, without the credentials that it was shown. */
  serverOf({ headers: { server } }: IncomingMessage): string | undefined {
    if (typeof server !== 'string') return undefined;
    const { url, username = '', password = '' } = this.#options;
    return quotedLine(withoutSecrets(withoutCredentials(server, { username, password }), secretsOfQuery(url)));
  }

  /** Ends its connections. */
  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  async #ask(url: URL, { signal, range }: HttpQuestion): Promise<IncomingMessage> {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const lookup = lookupOf(await this.#options.addresses.resolve(host));
    signal.throwIfAborted();
    const isSecure = url.protocol === 'https:';
    const headers = {
      'user-agent': USER_AGENT,
      accept: '*/*',
      'accept-encoding': 'identity',
      ...(range !== undefined && { range: `bytes=${range[0]}-${range[1]}` }),
      ...this.#authorization(url),
    };
    // The agent connects to a host that is an address without looking it up: it was checked as it stands.
    const agent = this.#agents[isSecure ? 'https:' : 'http:'];
    const options: RequestOptions = { method: 'GET', headers, agent, lookup, signal };
    return new Promise((resolve, reject) => {
      const request = isSecure ? requestHttps(url, options) : requestHttp(url, options);
      request.once('response', (answer) => {
        // Those who read it hear of it as well; one that is not read must not end the process.
        answer.on('error', () => undefined);
        resolve(answer);
      });
      request.on('error', reject);
      request.end();
    });
  }

  /** Credentials are for the host that they were given for, and are not sent in clear where they were to be encrypted. */
  #authorization({ protocol, host }: URL): { authorization?: string } {
    const { username, password } = this.#options;
    if (username === undefined && password === undefined) return {};
    if (host !== this.#first.host || protocol !== this.#first.protocol) return {};
    return { authorization: `Basic ${Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64')}` };
  }

  /** Not in the words of the server, which may repeat the credentials that it was shown. */
  #refusal(url: URL, status: number): string {
    if (status !== 401) return `the source answers with ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd();
    return this.#authorization(url).authorization === undefined
      ? 'the source asks for a user name and a password (401)'
      : 'the source refuses the user name or the password (401); of the ways to log in, Basic is known';
  }
}

function checked(body: IncomingMessage, { range }: HttpQuestion): IncomingMessage {
  const encoding = body.headers['content-encoding'] ?? 'identity';
  const fault =
    encoding !== 'identity'
      ? 'the source compresses what it sends, although it is asked not to'
      : range !== undefined && body.statusCode !== 206
        ? 'the source does not send parts of files (Range)'
        : undefined;
  if (fault === undefined) return body;
  body.destroy();
  throw new SourceFault(fault);
}

function redirected(location: string, from: URL): URL {
  const url = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new SourceFault('the source redirects to what is no address of HTTP');
  url.username = '';
  url.password = '';
  url.hash = '';
  return url;
}

/** @throws SourceFault when it is larger @param what names it for the tenant */
export async function readBody(body: IncomingMessage, maxBytes: number, what: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > maxBytes) {
      body.destroy();
      throw new SourceFault(`${what} is larger than ${maxBytes} bytes`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces, bytes);
}
