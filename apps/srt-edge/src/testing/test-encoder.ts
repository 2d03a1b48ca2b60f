// An encoder over a real socket, with a transport stream of its own making.
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { INITIAL_CONTINUITY, muxSegment } from '@millrace/protocol/mpegts';
import { joinAccessUnit } from '@millrace/protocol/nal';
import { SrtCaller } from '@millrace/protocol/srt';
import type { SrtConnection } from '@millrace/protocol/srt';

/** The sets of a stream of 640 by 360 pixels. */
const SPS = Buffer.from('6742c01ed900a02ff97011000003000100000300320f162e48', 'hex');
const PPS = Buffer.from('68cb83cb20', 'hex');
const GROUP = 25;
const PICTURE_90K = 3_600;
/** Seven packets of MPEG-TS, as all encoders send. */
const MESSAGE_BYTES = 1_316;
const LIMITS = { delayMs: 20, receivePackets: 64, sendPackets: 8_192, timeoutUs: 3_000_000, idleUs: 5_000_000 };

const nowUs = (): number => performance.now() * 1_000;

export class TestEncoder {
  /** Resolves when the connection is over. */
  readonly closed: Promise<undefined>;
  readonly #socket: Socket;
  readonly #ticks: NodeJS.Timeout;
  readonly #connection: SrtConnection;
  #continuity = INITIAL_CONTINUITY;
  #isDestroyed = false;

  private constructor(socket: Socket, ticks: NodeJS.Timeout, connection: SrtConnection, closed: Promise<undefined>) {
    this.#socket = socket;
    this.#ticks = ticks;
    this.#connection = connection;
    this.closed = closed;
  }

  /** @throws the reason of the rejection, as its message */
  static async connect(port: number, streamId: string): Promise<TestEncoder> {
    const peer = { address: '127.0.0.1', port };
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    let closed = (): void => undefined;
    const isClosed = new Promise<undefined>((resolve) => (closed = () => resolve(undefined)));
    return new Promise<TestEncoder>((resolve, reject) => {
      const ticks = setInterval(() => caller.tick(), 10);
      const stop = (): void => {
        clearInterval(ticks);
        socket.close();
      };
      const caller: SrtCaller = new SrtCaller({
        ...LIMITS,
        peer,
        streamId,
        clock: nowUs,
        send: (packet) => socket.send(packet, peer.port, peer.address),
        handlers: { data: () => undefined, lost: () => undefined, ended: closed },
        connected: (connection) => resolve(new TestEncoder(socket, ticks, connection, isClosed)),
        refused: (reason) => {
          stop();
          reject(new Error(String(reason)));
        },
      });
      socket.on('message', (packet) => caller.push(packet));
    });
  }

  /** Sends a picture; every 25th is a keyframe. @param offset90k added to its time */
  picture(index: number, offset90k = 0): void {
    this.send(this.packetsOf(index, offset90k));
  }

  /** What `picture` sends. */
  packetsOf(index: number, offset90k = 0): Buffer {
    const keyframe = index % GROUP === 0;
    const slice = Buffer.of(keyframe ? 0x65 : 0x41, 0x88, 0x80, index & 0xff || 1);
    const { bytes, continuity } = muxSegment(
      {
        video: { codec: 'h264', config: { nalLengthSize: 4, sps: [SPS], pps: [PPS] } },
        audio: undefined,
        continuity: this.#continuity,
        timestampOffset90k: offset90k,
      },
      [
        {
          kind: 'video',
          dts90k: index * PICTURE_90K,
          cto90k: 0,
          keyframe,
          payload: joinAccessUnit([slice], 4),
        },
      ],
    );
    this.#continuity = continuity;
    return bytes;
  }

  /** Bytes as they are, in messages of the usual size. */
  send(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += MESSAGE_BYTES)
      this.#connection.write(bytes.subarray(at, at + MESSAGE_BYTES));
  }

  /** Says that it is done. */
  unpublish(): void {
    this.#connection.close();
    this.destroy();
  }

  /** Goes away without a word. Idempotent. */
  destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    clearInterval(this.#ticks);
    this.#socket.removeAllListeners('message');
    // What was handed over before has been sent by then.
    setImmediate(() => this.#socket.close()).unref();
  }
}
