// The client's side of one RTSP session that plays, or records (RFC 2326 sections 10 and 12): bytes in, bytes and events out. Media comes between the
// messages (section 10.12).
import { ProtocolError, secretsOfQuery, withoutCredentials, withoutSecrets } from '../bytes/index.ts';
import { parseChallenges, RtspAuthorization } from './challenge.ts';
import type { RtspCredentials } from './challenge.ts';
import { withoutDigests } from './digest.ts';
import { parseRtpInfo } from './rtp-info.ts';
import { formatRtspRequest, formatRtspResponse, readCSeq, RtspStatus } from './rtsp-message.ts';
import type { RtspRequest, RtspResponse } from './rtsp-message.ts';
import { RtspReader } from './rtsp-reader.ts';
import type { RtspReaderLimits } from './rtsp-reader.ts';
import { parseTransports } from './transport.ts';

export interface RtspClientOptions {
  /** Without credentials. */
  readonly url: string;
  /** Shown only where the server asks for them. */
  readonly credentials: RtspCredentials | undefined;
  readonly userAgent: string;
  /** What the server may repeat as well, and is not to be shown. */
  readonly secrets?: readonly string[];
  /** What the server is called in faults; `the source` when not given. */
  readonly peer?: string;
  /** What is announced, for a session that records; it plays when not given. */
  readonly announced?: Buffer;
  readonly limits: RtspReaderLimits;
}

/** - `refused`: the server answers no. - `protocol`: what it says cannot be understood, or is not offered here. */
export type RtspClientFault = {
  readonly code: 'refused' | 'protocol';
  /** For people; may hold what the server said, cut to a bounded length and to visible characters of ASCII. */
  readonly message: string;
};

export type RtspClientEvent =
  | { readonly kind: 'send'; readonly bytes: Buffer }
  /** The server takes what was announced: `setUp` is to be called next. */
  | { readonly kind: 'announced' }
  /** `setUp` is to be called next. */
  | { readonly kind: 'described'; readonly description: Buffer }
  /** All tracks are, each on its channels, in the order of `setUp`. `play` or `record` is to be called next. */
  | { readonly kind: 'set-up'; readonly channels: readonly (readonly [rtp: number, rtcp: number])[] }
  /** @param rtpTimes of each track that was set up: the timestamp of its beginning, where the server says it */
  | { readonly kind: 'playing'; readonly rtpTimes: readonly (number | undefined)[] }
  | { readonly kind: 'recording' }
  /** `packet` is a view of what was pushed. */
  | { readonly kind: 'frame'; readonly channel: number; readonly packet: Buffer }
  /** Nothing comes after it. */
  | { readonly kind: 'failed'; readonly fault: RtspClientFault };

interface Sent {
  readonly method: string;
  readonly uri: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer | undefined;
  readonly then: (response: RtspResponse) => void;
  /** How often it was sent with an answer to a challenge. */
  readonly authorizations: number;
}

/** RFC 2326 section 12.37: "The timeout parameter (…) default of 60 seconds". */
const DEFAULT_TIMEOUT_S = 60;
/** A server that takes no longer silence than this is asked no more often. */
const MIN_TIMEOUT_S = 2;
/** Of the server's time out, how much may pass without a request. */
const KEEP_ALIVE_PART = 1 / 3;
const MAX_CONTROL_LENGTH = 1_024;
const MAX_REASON_LENGTH = 120;
/** A nonce may be out of date once; a server that goes on asking refuses. */
const MAX_AUTHORIZATIONS = 2;

/** Call `start`, then `push` what comes; after each of these, and of the calls that events ask for, take events until there are none. */
export class RtspClientSession {
  readonly #options: RtspClientOptions;
  readonly #reader: RtspReader;
  readonly #events: RtspClientEvent[] = [];
  readonly #sent = new Map<number, Sent>();
  #cSeq = 0;
  #isKeepingAlive = false;
  #authorization: RtspAuthorization | undefined;
  #sessionId: string | undefined;
  /** What the addresses of tracks are relative to (appendix C.1.1). */
  #base: string;
  #aggregate: string | undefined;
  /** Addresses of those that are set up. */
  #tracks: readonly (string | undefined)[] = [];
  #keepsAliveBy = 'GET_PARAMETER';
  #timeoutS = DEFAULT_TIMEOUT_S;
  #hasFailed = false;
  #server: string | undefined;

  constructor(options: RtspClientOptions) {
    this.#options = options;
    this.#base = options.url;
    this.#reader = new RtspReader(options.limits);
  }

  /** What the server calls itself, without what it was shown; undefined when it does not say. */
  get server(): string | undefined {
    return this.#server === undefined ? undefined : this.#shown(this.#server);
  }

  get #peer(): string {
    return this.#options.peer ?? 'the source';
  }

  /** How often `keepAlive` is to be called once it plays or records, in milliseconds. */
  get keepAliveMs(): number {
    return this.#timeoutS * 1_000 * KEEP_ALIVE_PART;
  }

  /** The connection is there. */
  start(): void {
    const { url, announced } = this.#options;
    this.#request('OPTIONS', url, [], (response) => {
      const methods = response.headers
        .get('public')
        ?.split(',')
        .map((name) => name.trim().toUpperCase());
      if (methods !== undefined && !methods.includes('GET_PARAMETER')) this.#keepsAliveBy = 'OPTIONS';
      // Servers that do not know OPTIONS know the rest.
      if (announced === undefined) this.#describe();
      else this.#announce(announced);
    });
  }

  /** @param controls of the tracks that are wanted, as the description has them. @param aggregate that of the whole session */
  setUp(controls: readonly (string | undefined)[], aggregate: string | undefined): void {
    this.#aggregate = this.#addressOf(aggregate);
    const addresses = controls.map((control) => this.#addressOf(control));
    this.#tracks = addresses;
    const channels: (readonly [number, number])[] = [];
    const next = (): void => {
      const uri = addresses[channels.length];
      if (channels.length === addresses.length) return this.#emit({ kind: 'set-up', channels });
      if (uri === undefined) return this.#fail('protocol', 'the description has no address of a track');
      const first = 2 * channels.length;
      const mode = this.#options.announced === undefined ? '' : ';mode=record';
      const transport = `RTP/AVP/TCP;unicast;interleaved=${first}-${first + 1}${mode}`;
      this.#request('SETUP', uri, [['Transport', transport]], (response) => {
        if (response.status === RtspStatus.unsupportedTransport)
          return this.#fail('refused', `${this.#peer} does not carry media over its TCP connection (461)`);
        if (!this.#isOk('SETUP', response)) return;
        const [given] = parseTransports(response.headers.get('transport') ?? '');
        // A server that names no channels has taken those that it was asked for.
        const pair = given?.interleaved ?? ([first, first + 1] as const);
        if (given !== undefined && given.protocol !== 'tcp')
          return this.#fail('refused', `${this.#peer} does not carry media over its TCP connection`);
        if (channels.some((taken) => taken.some((channel) => pair.includes(channel))))
          return this.#fail('protocol', `${this.#peer} has two tracks on one channel`);
        channels.push(pair);
        next();
      });
    };
    next();
  }

  play(): void {
    this.#request('PLAY', this.#aggregate ?? this.#base, [['Range', 'npt=0.000-']], (response) => {
      if (!this.#isOk('PLAY', response)) return;
      const info = parseRtpInfo(response.headers.get('rtp-info') ?? '');
      // Addresses in it may be relative, and are written as the server likes.
      const timeOf = (address: string | undefined): number | undefined =>
        info.find(({ url }) => address === url || (address !== undefined && address === this.#addressOf(url)))?.rtpTime;
      this.#emit({ kind: 'playing', rtpTimes: this.#tracks.map(timeOf) });
    });
  }

  record(): void {
    this.#request('RECORD', this.#aggregate ?? this.#base, [['Range', 'npt=0.000-']], (response) => {
      if (this.#isOk('RECORD', response)) this.#emit({ kind: 'recording' });
    });
  }

  /** Does nothing while an earlier one is not answered: a server that answers none is not owed a growing list of them. */
  keepAlive(): void {
    if (this.#isKeepingAlive) return;
    this.#isKeepingAlive = true;
    this.#request(this.#keepsAliveBy, this.#aggregate ?? this.#base, [], (response) => {
      this.#isKeepingAlive = false;
      if (response.status === RtspStatus.sessionNotFound)
        return this.#fail('refused', `${this.#peer} has ended the session (454)`);
      // Media goes on, whatever else is answered; what the server does not know is not asked again.
      if (response.status !== RtspStatus.ok) this.#keepsAliveBy = 'OPTIONS';
    });
  }

  /** The end, said by this side; no answer is waited for. */
  teardown(): void {
    if (this.#sessionId !== undefined) this.#request('TEARDOWN', this.#aggregate ?? this.#base, [], () => undefined);
  }

  push(bytes: Buffer): void {
    if (!this.#hasFailed) this.#reader.push(bytes);
  }

  /** @returns undefined when more bytes are needed, or a call */
  next(): RtspClientEvent | undefined {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined || this.#hasFailed) return event;
      const item = this.#read();
      if (item === undefined) return this.#events.shift();
      if (item.kind === 'frame') return item;
      if (item.kind === 'request') this.#answer(item.request);
      else this.#response(item.response);
    }
  }

  #read(): ReturnType<RtspReader['next']> {
    try {
      return this.#reader.next();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#fail('protocol', `what ${this.#peer} sends is not RTSP: ${error.detail}`);
      return undefined;
    }
  }

  #describe(): void {
    this.#request('DESCRIBE', this.#options.url, [['Accept', 'application/sdp']], (response) => {
      if (response.status >= 300 && response.status < 400)
        return this.#fail('refused', `${this.#peer} answers ${response.status}: redirects are not followed`);
      if (!this.#isOk('DESCRIBE', response)) return;
      const base = response.headers.get('content-base') ?? response.headers.get('content-location');
      if (base !== undefined && isAddress(base)) this.#base = base;
      this.#emit({ kind: 'described', description: response.body });
    });
  }

  /** Section 10.3. */
  #announce(description: Buffer): void {
    const headers = [['Content-Type', 'application/sdp']] as const;
    this.#request(
      'ANNOUNCE',
      this.#options.url,
      headers,
      (response) => {
        if (this.#isOk('ANNOUNCE', response)) this.#emit({ kind: 'announced' });
      },
      description,
    );
  }

  /** Absolute, or behind the base: servers mean it so also where the base has a query. */
  #addressOf(control: string | undefined): string | undefined {
    if (control === undefined || control === '' || control === '*') return this.#base;
    if (isAddress(control)) return control;
    if (control.length > MAX_CONTROL_LENGTH || !/^[\x21-\x7e]+$/.test(control)) return undefined;
    return this.#base.endsWith('/') || control.startsWith('/') ? this.#base + control : `${this.#base}/${control}`;
  }

  #request(method: string, uri: string, headers: Sent['headers'], then: Sent['then'], body?: Buffer): void {
    this.#ask({ method, uri, headers, body, then, authorizations: 0 });
  }

  #ask(sent: Sent): void {
    const { method, uri, headers, body } = sent;
    const cSeq = ++this.#cSeq;
    this.#sent.set(cSeq, sent);
    const authorization = this.#authorization?.header(method, uri);
    const all = [
      ['CSeq', String(cSeq)] as const,
      ['User-Agent', this.#options.userAgent] as const,
      ...(this.#sessionId === undefined ? [] : [['Session', this.#sessionId] as const]),
      ...(authorization === undefined ? [] : [['Authorization', authorization] as const]),
      ...headers,
    ];
    const bytes = formatRtspRequest(method, uri, all, body);
    this.#emit({ kind: 'send', bytes });
  }

  #response(response: RtspResponse): void {
    const cSeq = readCSeq(response.headers);
    const sent = cSeq === undefined ? undefined : this.#sent.get(cSeq);
    // An answer to nothing that was asked.
    if (cSeq === undefined || sent === undefined) return;
    this.#sent.delete(cSeq);
    this.#server ??= response.headers.get('server');
    this.#readSession(response);
    if (response.status !== RtspStatus.unauthorized) return sent.then(response);
    const { credentials } = this.#options;
    if (credentials === undefined)
      return this.#fail('refused', `${this.#peer} asks for a user name and a password (401)`);
    const [challenge] = parseChallenges(response.headers.get('www-authenticate') ?? '');
    if (challenge === undefined)
      return this.#fail('protocol', `${this.#peer} asks for a proof of the password that is not supported (401)`);
    const isStale = /\bstale\s*=\s*"?true/i.test(response.headers.get('www-authenticate') ?? '');
    if (sent.authorizations >= MAX_AUTHORIZATIONS || (sent.authorizations > 0 && !isStale))
      return this.#fail('refused', `${this.#peer} refuses the user name or the password (401)`);
    this.#authorization = new RtspAuthorization(challenge, credentials);
    this.#ask({ ...sent, authorizations: sent.authorizations + 1 });
  }

  /** Section 12.37. */
  #readSession({ headers }: RtspResponse): void {
    const [id = '', ...parameters] = (headers.get('session') ?? '').split(';').map((part) => part.trim());
    if (!/^[\x21-\x7e]{1,256}$/.test(id)) return;
    this.#sessionId = id;
    const timeout = parameters.map((part) => /^timeout\s*=\s*(\d{1,6})$/i.exec(part)?.[1]).find(Boolean);
    if (timeout !== undefined) this.#timeoutS = Math.max(MIN_TIMEOUT_S, Number(timeout));
  }

  #isOk(method: string, { status, reason }: RtspResponse): boolean {
    if (status === RtspStatus.ok) return true;
    const words = this.#shown(reason)
      .replaceAll(/[^\x20-\x7e]+/g, ' ')
      .trim()
      .slice(0, MAX_REASON_LENGTH);
    this.#fail('refused', `${this.#peer} answers ${method} with ${status}${words === '' ? '' : `: "${words}"`}`);
    return false;
  }

  /** Section 10: a server may ask as well, mostly whether the client is there. */
  #answer({ method, headers }: RtspRequest): void {
    const cSeq = readCSeq(headers);
    const isKnown = method === 'OPTIONS' || method === 'GET_PARAMETER' || method === 'SET_PARAMETER';
    if (method === 'TEARDOWN') return this.#fail('refused', `${this.#peer} has ended the session`);
    const status = isKnown ? RtspStatus.ok : RtspStatus.notImplemented;
    this.#emit({ kind: 'send', bytes: formatRtspResponse({ status, cSeq }) });
  }

  #shown(text: string): string {
    const { url, credentials, secrets = [] } = this.#options;
    const all = [...secrets, ...secretsOfQuery(url), ...(this.#authorization?.secrets ?? [])];
    const shown = withoutSecrets(text, all);
    return credentials === undefined ? shown : withoutDigests(withoutCredentials(shown, credentials));
  }

  #emit(event: RtspClientEvent): void {
    if (!this.#hasFailed) this.#events.push(event);
  }

  #fail(code: RtspClientFault['code'], message: string): void {
    this.#emit({ kind: 'failed', fault: { code, message } });
    this.#hasFailed = true;
  }
}

const isAddress = (text: string): boolean =>
  /^rtsps?:\/\/[\x21-\x7e]+$/i.test(text) && text.length <= MAX_CONTROL_LENGTH;
