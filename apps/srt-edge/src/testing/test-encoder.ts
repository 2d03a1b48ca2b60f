// An encoder over a real socket, with a transport stream of its own making.
import { INITIAL_CONTINUITY, muxSegment } from '@millrace/protocol/mpegts';
import { joinAccessUnit } from '@millrace/protocol/nal';
import { openCaller } from './caller-socket.ts';
import type { CallerSocket } from './caller-socket.ts';

/** The sets of a stream of 640 by 360 pixels. */
const SPS = Buffer.from('6742c01ed900a02ff97011000003000100000300320f162e48', 'hex');
const PPS = Buffer.from('68cb83cb20', 'hex');
const GROUP = 25;
const PICTURE_90K = 3_600;
/** Seven packets of MPEG-TS, as all encoders send. */
const MESSAGE_BYTES = 1_316;
export class TestEncoder {
  /** Resolves when the connection is over. */
  readonly closed: Promise<undefined>;
  readonly #caller: CallerSocket;
  #continuity = INITIAL_CONTINUITY;

  private constructor(caller: CallerSocket, closed: Promise<undefined>) {
    this.#caller = caller;
    this.closed = closed;
  }

  /** @throws the reason of the rejection, as its message */
  static async connect(port: number, streamId: string): Promise<TestEncoder> {
    const { promise: closed, resolve } = Promise.withResolvers<undefined>();
    const handlers = { data: () => undefined, lost: () => undefined, ended: () => resolve(undefined) };
    return new TestEncoder(await openCaller(port, streamId, handlers), closed);
  }

  /** Sends a picture; every 25th is a keyframe. @param offset90k added to its time */
  picture(index: number, offset90k = 0, sliceBytes = 4): void {
    this.send(this.packetsOf(index, offset90k, sliceBytes));
  }

  /** What `picture` sends. */
  packetsOf(index: number, offset90k = 0, sliceBytes = 4): Buffer {
    const keyframe = index % GROUP === 0;
    const slice = Buffer.alloc(sliceBytes, 0x55);
    slice.set([keyframe ? 0x65 : 0x41, 0x88, 0x80]);
    slice[sliceBytes - 1] = index & 0xff || 1;
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
      this.#caller.connection.write(bytes.subarray(at, at + MESSAGE_BYTES));
  }

  /** Says that it is done. */
  unpublish(): void {
    this.#caller.connection.close();
    this.destroy();
  }

  /** Goes away without a word. Idempotent. */
  destroy(): void {
    this.#caller.destroy();
  }
}
