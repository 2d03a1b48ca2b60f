// A camera that answers as a test wants, and sends the packets that it is given.
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { digestResponse, encodeInterleaved, parseDigestCredentials, RtspReader } from '@millrace/protocol/rtsp';
import type { RtspRequest } from '@millrace/protocol/rtsp';
import { RTP_HEADER_BYTES, writeRtpHeader } from '@millrace/protocol/rtp';
import { SDP, slice } from './test-encoder.ts';

export interface CameraOptions {
  readonly sdp?: string;
  readonly credentials?: { readonly username: string; readonly password: string };
  /** Lines of an answer instead of the usual one, by method; none: it does not answer. */
  readonly answers?: Readonly<Record<string, readonly string[]>>;
}

const REALM = 'camera';
const NONCE = 'abcdef';

export class TestCamera {
  readonly asked: RtspRequest[] = [];
  /** Connections that there have been. */
  connections = 0;
  readonly #options: CameraOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #sequence = 0;

  private constructor(options: CameraOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(options: CameraOptions = {}): Promise<TestCamera> {
    const camera = new TestCamera(options);
    await new Promise<void>((resolve) => camera.#server.listen(0, '127.0.0.1', resolve));
    return camera;
  }

  get url(): string {
    return `rtsp://127.0.0.1:${(this.#server.address() as AddressInfo).port}/door`;
  }

  count(method: string): number {
    return this.asked.filter((request) => request.method === method).length;
  }

  /** A picture of one slice, on the channel of the first track. */
  picture(isIdr: boolean, tag: number, timestamp: number): void {
    const header = Buffer.alloc(RTP_HEADER_BYTES);
    const sequence = this.#sequence++;
    writeRtpHeader(header, 0, { marker: true, payloadType: 96, sequence, timestamp, ssrc: 7 });
    this.write(encodeInterleaved(0, Buffer.concat([header, slice(isIdr, tag)])));
  }

  write(bytes: Buffer | string): void {
    for (const socket of this.#sockets) socket.write(bytes);
  }

  /** All connections break. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.hangUp();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.connections++;
    this.#sockets.add(socket);
    const reader = new RtspReader();
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (bytes: Buffer) => {
      reader.push(bytes);
      for (let item = reader.next(); item !== undefined; item = reader.next())
        if (item.kind === 'request') this.#answer(socket, item.request);
    });
  }

  #answer(socket: Socket, request: RtspRequest): void {
    this.asked.push(request);
    const { answers, sdp = SDP } = this.#options;
    const [first, ...lines] = answers?.[request.method] ?? this.#usual(request);
    if (first === undefined) return;
    const body = request.method === 'DESCRIBE' && first === '200 OK' ? sdp : '';
    const head = [
      `RTSP/1.0 ${first}`,
      `CSeq: ${request.headers.get('cseq')}`,
      `Content-Length: ${body.length}`,
      ...lines,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  }

  #usual({ method, uri, headers }: RtspRequest): readonly string[] {
    const { credentials } = this.#options;
    if (
      method !== 'OPTIONS' &&
      credentials !== undefined &&
      !isProven(method, headers.get('authorization'), credentials)
    )
      return ['401 Unauthorized', `WWW-Authenticate: Digest realm="${REALM}", nonce="${NONCE}", qop="auth"`];
    if (method === 'DESCRIBE') return ['200 OK', 'Content-Type: application/sdp', `Content-Base: ${uri}/`];
    if (method === 'SETUP') return ['200 OK', 'Session: s;timeout=60', `Transport: ${headers.get('transport')}`];
    return ['200 OK'];
  }
}

function isProven(
  method: string,
  header: string | undefined,
  { username, password }: NonNullable<CameraOptions['credentials']>,
): boolean {
  const proof = header === undefined ? undefined : parseDigestCredentials(header);
  return (
    proof?.username === username && proof.nonce === NONCE && digestResponse(proof, password, method) === proof.response
  );
}
