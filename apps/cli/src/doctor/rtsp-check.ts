// What players and encoders of RTSP meet: an answer for a playback id that does not exist, and one for a key that does not.
import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { newId, newSecretKey } from '@millrace/domain';
import { ProtocolError } from '@millrace/protocol/bytes';
import { formatRtspRequest, RtspReader, RtspStatus } from '@millrace/protocol/rtsp';
import type { RtspResponse } from '@millrace/protocol/rtsp';
import { explainFailure } from '../api/unreachable.ts';
import { usageError } from '../command-line/cli-error.ts';
import { hostOf } from '../publishing/encoder-connection.ts';
import { fail, inTime, ok, warn } from './check.ts';
import type { CheckResult } from './check.ts';

const SDP = ['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=doctor', 'm=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', ''].join(
  '\r\n',
);
const PORTS: Readonly<Record<string, number>> = { 'rtsp:': 554, 'rtsps:': 322 };

/** @throws CliError unless it is rtsp or rtsps */
export function rtspServer(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || PORTS[url.protocol] === undefined)
    throw usageError(`"${text}" is not an RTSP server`, 'Give it as rtsp://live.example.com:8554/live.');
  return url;
}

export const rtspPortOf = ({ protocol, port }: URL): number => Number(port || PORTS[protocol]);

export async function checkRtsp(server: URL): Promise<readonly CheckResult[]> {
  const host = hostOf(server);
  const address = { host, port: rtspPortOf(server) };
  const socket =
    server.protocol === 'rtsps:'
      ? connectTls({ ...address, ...(isIP(host) === 0 && { servername: host }) })
      : connectTcp(address);
  try {
    return await inTime(ask(socket, server));
  } catch (error) {
    if (error instanceof ProtocolError)
      return [
        fail('RTSP', `${server.host} does not speak RTSP: ${error.detail}`, 'Check that the port is that of RTSP.'),
      ];
    const { what, advice } = explainFailure(error);
    return [fail('RTSP', `${server.host}: ${what}`, advice)];
  } finally {
    socket.destroy();
  }
}

/** Both well formed, so that they are looked up like real ones. */
async function ask(socket: Socket, server: URL): Promise<readonly CheckResult[]> {
  const answers = new Answers(socket);
  const base = `${server.protocol}//${server.host}`;
  const played = await answers.ask('DESCRIBE', `${base}/play/${newId('pbk')}`, [['Accept', 'application/sdp']]);
  const published = await answers.ask(
    'ANNOUNCE',
    `${base}/live/${newSecretKey('mr_st')}`,
    [['Content-Type', 'application/sdp']],
    SDP,
  );
  return [
    judge('RTSP play', played, RtspStatus.notFound, 'a playback id that does not exist'),
    judge('RTSP', published, RtspStatus.forbidden, 'a wrong key'),
  ];
}

function judge(name: string, { status, reason }: RtspResponse, wanted: RtspStatus, what: string): CheckResult {
  const found = `${what} is refused: “${status} ${reason}”`;
  if (status === wanted) return ok(name, found);
  if (status === RtspStatus.unavailable)
    return warn(name, found, 'The edge does not reach a gateway: check NATS and the gateways.');
  if (status < 300)
    return fail(name, `${what} is accepted`, 'What listens there is not Millrace: check the address and the port.');
  return warn(
    name,
    found,
    'See docs/rtsp.md for this status; after several wrong keys from one address, wait a minute.',
  );
}

class Answers {
  readonly #socket: Socket;
  readonly #reader = new RtspReader();
  readonly #failed = Promise.withResolvers<never>();
  #waiting: ((answer: RtspResponse) => void) | undefined;
  #cSeq = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#failed.promise.catch(() => undefined);
    socket.on('error', (error) => this.#failed.reject(error));
    socket.on('close', () => this.#failed.reject(new Error('the connection was closed')));
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
  }

  ask(method: string, url: string, headers: readonly (readonly [string, string])[], body = ''): Promise<RtspResponse> {
    const answered = new Promise<RtspResponse>((resolve) => (this.#waiting = resolve));
    this.#socket.write(formatRtspRequest(method, url, [['CSeq', String(++this.#cSeq)], ...headers], Buffer.from(body)));
    return Promise.race([answered, this.#failed.promise]);
  }

  #read(bytes: Buffer): void {
    try {
      this.#reader.push(bytes);
      for (let item = this.#reader.next(); item !== undefined; item = this.#reader.next())
        if (item.kind === 'response') this.#waiting?.(item.response);
    } catch (error) {
      this.#failed.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
