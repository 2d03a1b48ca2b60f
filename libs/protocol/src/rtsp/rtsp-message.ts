// RFC 2326 sections 4 to 7: requests and responses.
import { ProtocolError } from '../bytes/index.ts';

export const RTSP_VERSION = 'RTSP/1.0';

export const RtspStatus = {
  ok: 200,
  badRequest: 400,
  unauthorized: 401,
  forbidden: 403,
  notFound: 404,
  notAcceptable: 406,
  bodyTooLarge: 413,
  unsupportedMediaType: 415,
  notEnoughBandwidth: 453,
  sessionNotFound: 454,
  methodNotValidInThisState: 455,
  invalidRange: 457,
  aggregateNotAllowed: 459,
  unsupportedTransport: 461,
  destinationUnreachable: 462,
  notImplemented: 501,
  unavailable: 503,
  versionNotSupported: 505,
  optionNotSupported: 551,
} as const;
export type RtspStatus = (typeof RtspStatus)[keyof typeof RtspStatus];

const REASONS: Readonly<Record<RtspStatus, string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  406: 'Not Acceptable',
  413: 'Request Entity Too Large',
  415: 'Unsupported Media Type',
  453: 'Not Enough Bandwidth',
  454: 'Session Not Found',
  455: 'Method Not Valid In This State',
  457: 'Invalid Range',
  459: 'Aggregate Operation Not Allowed',
  461: 'Unsupported Transport',
  462: 'Destination Unreachable',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  505: 'RTSP Version Not Supported',
  551: 'Option not supported',
};

/** By lower-case name. Values of a header that came more than once are joined by commas (section 4.2). */
export type RtspHeaders = ReadonlyMap<string, string>;

export interface RtspRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers: RtspHeaders;
  readonly body: Buffer;
}

export interface RtspResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: RtspHeaders;
  readonly body: Buffer;
}

/** Section 12.17: "The CSeq field specifies the sequence number". Undefined when there is none, or no number of 32 bits. */
export function readCSeq(headers: RtspHeaders): number | undefined {
  const text = headers.get('cseq');
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const number = Number(text);
  return number < 2 ** 32 ? number : undefined;
}

/** Section 12.37: what stands before the parameters of a Session header. */
export const readSessionId = (headers: RtspHeaders): string | undefined =>
  headers.get('session')?.split(';')[0]?.trim();

/** Alternating names and values. */
type HeaderList = readonly (readonly [name: string, value: string])[];

const BREAKS = /[\r\n\0]/;

function formatHead(first: string, headers: HeaderList, body: Uint8Array): Buffer {
  const lines = headers.map(([name, value]) => {
    // What a peer chose must not begin another header.
    if (BREAKS.test(name) || BREAKS.test(value)) throw new RangeError(`a line break in the header ${name}`);
    return `${name}: ${value}\r\n`;
  });
  const length = body.length === 0 ? '' : `Content-Length: ${body.length}\r\n`;
  // Section 4. In ISO 8859-1, which cuts characters to 8 bits, U+010D U+010A would be a line break.
  return Buffer.from(`${first}\r\n${lines.join('')}${length}\r\n`, 'utf8');
}

export interface ResponseToFormat {
  readonly status: RtspStatus;
  /** Replaces the usual reason phrase, which is all that many clients show of an error. */
  readonly reason?: string | undefined;
  readonly cSeq: number | undefined;
  readonly headers?: HeaderList;
  readonly body?: Uint8Array;
}

const NOTHING = new Uint8Array(0);

export function formatRtspResponse({ status, reason, cSeq, headers = [], body = NOTHING }: ResponseToFormat): Buffer {
  const phrase = (reason ?? REASONS[status]).replaceAll(/[^\x20-\x7e]+/g, ' ');
  const all: HeaderList = cSeq === undefined ? headers : [['CSeq', String(cSeq)], ...headers];
  const head = formatHead(`${RTSP_VERSION} ${status} ${phrase}`, all, body);
  return Buffer.concat([head, body]);
}

export function formatRtspRequest(
  method: string,
  uri: string,
  headers: HeaderList,
  body: Uint8Array = NOTHING,
): Buffer {
  if (BREAKS.test(uri) || uri.includes(' ')) throw new RangeError('the address contains a blank or a line break');
  const head = formatHead(`${method} ${uri} ${RTSP_VERSION}`, headers, body);
  return Buffer.concat([head, body]);
}

/** Section 3.2, and `*` (section 10.1). Undefined for what is no address of RTSP. */
export function parseRtspUrl(uri: string): URL | undefined {
  return /^rtsps?:\/\/./i.test(uri) && URL.canParse(uri) ? new URL(uri) : undefined;
}

/** @throws ProtocolError */
export function malformed(place: string, detail: string): never {
  throw new ProtocolError('rtsp.malformed', `rtsp/${place}`, detail);
}
