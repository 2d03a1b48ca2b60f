import { ProtocolError } from '../bytes/index.ts';
import {
  digestResponse,
  parseChallenges,
  parseBasicCredentials,
  parseDigestCredentials,
  parseRtspUrl,
  parseTransports,
  readCSeq,
  readSessionId,
  readTunnelRequest,
  RtspAuthorization,
  RtspClientSession,
  RtspReader,
  TunnelBodyReader,
} from './index.ts';

const LIMITS = { maxHeadBytes: 2_048, maxHeaders: 16, maxBodyBytes: 1_024 };

/** Everything that is read of the bytes, or the error that ends the reading. */
function read(pieces: readonly Buffer[]): string {
  const reader = new RtspReader(LIMITS);
  const items: unknown[] = [];
  try {
    for (const piece of pieces) {
      reader.push(piece);
      for (let item = reader.next(); item !== undefined; item = reader.next()) {
        items.push(item.kind === 'frame' ? [item.channel, item.packet.length] : JSON.stringify(item));
        if (item.kind !== 'request') continue;
        const { headers, uri } = item.request;
        readCSeq(headers);
        readSessionId(headers);
        parseTransports(headers.get('transport') ?? '');
        parseBasicCredentials(headers.get('authorization') ?? '');
        const proof = parseDigestCredentials(headers.get('authorization') ?? '');
        if (proof !== undefined) digestResponse(proof, 'password', item.request.method);
        parseRtspUrl(uri);
      }
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    items.push(error.code);
  }
  return JSON.stringify(items);
}

const CREDENTIALS = { username: 'admin', password: 'secret' };

/** A client that meets these bytes does not throw, asks a bounded number of times, and says once that it has failed. */
function askWith(bytes: Buffer, announced?: Buffer): void {
  const options = { url: 'rtsp://h/a', credentials: CREDENTIALS, userAgent: 'fuzz', limits: LIMITS };
  const client = new RtspClientSession({ ...options, ...(announced && { announced }) });
  client.start();
  client.push(bytes);
  let faults = 0;
  for (let event = client.next(); event !== undefined; event = client.next()) {
    if (event.kind === 'described') client.setUp([event.description.toString('latin1'), '*'], undefined);
    if (event.kind === 'announced') client.setUp(['a', 'b'], undefined);
    if (event.kind === 'set-up') {
      if (announced === undefined) client.play();
      else client.record();
    }
    if (event.kind === 'failed') faults++;
  }
  if (faults > 1) throw new Error(`${faults} faults`);
  for (const challenge of parseChallenges(bytes.toString('latin1')))
    new RtspAuthorization(challenge, CREDENTIALS).header('DESCRIBE', 'rtsp://h/a');
}

const text = (lines: readonly string[], body = ''): Uint8Array => Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);

/** Good inputs. */
export const seeds: readonly Uint8Array[] = [
  text(['OPTIONS * RTSP/1.0', 'CSeq: 1']),
  text(
    ['ANNOUNCE rtsp://h/live/k RTSP/1.0', 'CSeq: 2', 'Content-Type: application/sdp', 'Content-Length: 5'],
    'v=0\r\n$\0\0\x02ab',
  ),
  text(['SETUP rtsp://h/a RTSP/1.0', 'CSeq: 3', 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1;mode=record']),
  text(['DESCRIBE rtsp://h/a RTSP/1.0', 'CSeq: 4', 'Authorization: Basic YTpi', 'Session: abc;timeout=60']),
  text([
    'ANNOUNCE rtsp://h/live/skey RTSP/1.0',
    'CSeq: 5',
    'Authorization: Digest username="a", realm="r", nonce="n", uri="u", qop=auth, nc=1, cnonce="c", response="ab"',
  ]),
  text(['RTSP/1.0 200 OK', 'CSeq: 4', 'Content-Length: 0']),
  text(['POST /a HTTP/1.0', 'x-sessioncookie: 0123456789'], 'T1BUSU9OUyAqIFJUU1AvMS4wDQo=Q1NlcTogMQ0KDQo='),
  text(['RTSP/1.0 401 Unauthorized', 'CSeq: 1', 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth", Basic']),
  text([
    'RTSP/1.0 200 OK',
    'CSeq: 1',
    '',
    'RTSP/1.0 200 OK',
    'CSeq: 2',
    'Content-Length: 1',
    '',
    'aRTSP/1.0 200 OK',
    'CSeq: 3',
  ]),
];

/** The beginning of a tunnel is read or refused; its body gives the same requests however it is cut. */
function tunnelFrom(bytes: Buffer): void {
  const decode = (pieces: readonly Buffer[]): string => {
    const body = new TunnelBodyReader();
    try {
      const request = readTunnelRequest(bytes, LIMITS.maxHeadBytes);
      return Buffer.concat([request?.rest ?? bytes, ...pieces].map((piece) => body.push(piece))).toString('hex');
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return error.code;
    }
  };
  const [whole, cut] = [
    decode([bytes]),
    decode(Array.from({ length: bytes.length }, (_, i) => bytes.subarray(i, i + 1))),
  ];
  if (whole !== cut) throw new Error(`${whole} in one piece, ${cut} byte by byte`);
}

/** However the bytes are cut, the same is read of them. */
export function fuzz(data: Uint8Array): void {
  const bytes = Buffer.from(data);
  askWith(bytes);
  askWith(bytes, Buffer.from('v=0'));
  tunnelFrom(bytes);
  const whole = read([bytes]);
  const cut = read(Array.from({ length: bytes.length }, (_, i) => bytes.subarray(i, i + 1)));
  if (whole !== cut) throw new Error(`${whole} in one piece, ${cut} byte by byte`);
}
