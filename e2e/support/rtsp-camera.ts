// A camera to pull from: ffmpeg packs the footage into RTP, over and over again at its own speed, and this process hands it to those who play.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { encodeInterleaved, RtspReader } from '@millrace/protocol/rtsp';
import type { RtspRequest } from '@millrace/protocol/rtsp';
import { ManagedProcess, requireProgram } from '@millrace/tools/processes';
import { SOURCE_FILE } from './source.ts';

const HOST = '127.0.0.1';
/** Parameter sets are in the stream. */
const SDP =
  'v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:video\r\n';

export class RtspCamera {
  /** When each PLAY came, by `performance.now()`. */
  readonly playedAtMs: number[] = [];
  readonly #server: Server;
  readonly #players = new Set<Socket>();
  readonly #stop: (() => Promise<void> | void)[] = [];

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(): Promise<RtspCamera> {
    const camera = new RtspCamera();
    camera.#server.listen(0, HOST);
    await once(camera.#server, 'listening');
    await camera.#film();
    return camera;
  }

  get url(): string {
    return `rtsp://${HOST}:${(this.#server.address() as AddressInfo).port}/door`;
  }

  /** How many play now. */
  get players(): number {
    return this.#players.size;
  }

  async stop(): Promise<void> {
    for (const stop of this.#stop.toReversed()) await stop();
    for (const player of this.#players) player.destroy();
    this.#server.close();
  }

  async #film(): Promise<void> {
    const socket = createSocket('udp4', (packet) => {
      const frame = encodeInterleaved(0, packet);
      for (const player of this.#players) player.write(frame);
    }).bind(0, HOST);
    await once(socket, 'listening');
    const ffmpeg = new ManagedProcess({
      name: 'ffmpeg-camera',
      command: requireProgram('ffmpeg', 'ffmpeg'),
      args: `-hide_banner -loglevel warning -nostdin -re -stream_loop -1 -i ${SOURCE_FILE} -an -c:v copy -bsf:v h264_mp4toannexb -f rtp rtp://${HOST}:${socket.address().port}`.split(
        ' ',
      ),
      isReady: async () => true,
    });
    await ffmpeg.start();
    this.#stop.push(
      () => void socket.close(),
      () => ffmpeg.stop(),
    );
  }

  #serve(socket: Socket): void {
    const reader = new RtspReader();
    socket.on('error', () => undefined);
    socket.on('close', () => this.#players.delete(socket));
    socket.on('data', (bytes: Buffer) => {
      reader.push(bytes);
      for (let item = reader.next(); item !== undefined; item = reader.next())
        if (item.kind === 'request') this.#answer(socket, item.request);
    });
  }

  #answer(socket: Socket, { method, uri, headers }: RtspRequest): void {
    const body = method === 'DESCRIBE' ? SDP : '';
    const more = [
      `CSeq: ${headers.get('cseq')}`,
      `Content-Length: ${body.length}`,
      ...(method === 'DESCRIBE' ? [`Content-Base: ${uri}/`] : []),
      ...(method === 'SETUP' ? [`Transport: ${headers.get('transport')}`, 'Session: camera;timeout=60'] : []),
    ];
    socket.write(`RTSP/1.0 200 OK\r\n${more.join('\r\n')}\r\n\r\n${body}`);
    if (method !== 'PLAY') return;
    this.playedAtMs.push(performance.now());
    this.#players.add(socket);
  }
}
