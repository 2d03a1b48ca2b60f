// A player over a real socket: which pictures it was sent, read from the transport stream.
import { TsDemuxer } from '@millrace/protocol/mpegts';
import { openCaller } from './caller-socket.ts';
import type { CallerOptions, CallerSocket } from './caller-socket.ts';

/** As the edge writes it. */
const VIDEO_PID = 0x100;

export class TestPlayer {
  /** The last byte of the slice of each picture, which is its index. */
  readonly pictures: number[] = [];
  /** Packets that are missing, by their continuity counters. */
  missing = 0;
  /** Resolves when the edge has ended it. */
  readonly ended: Promise<undefined>;
  readonly #demuxer = new TsDemuxer();
  #caller!: CallerSocket;

  private constructor(ended: Promise<undefined>) {
    this.ended = ended;
  }

  /** @throws the reason of the rejection, as its message */
  static async connect(port: number, streamId: string, options?: CallerOptions): Promise<TestPlayer> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const player = new TestPlayer(promise);
    const handlers = {
      data: (payload: Buffer) => player.#read(payload),
      lost: (count: number) => void (player.missing += count),
      ended: () => resolve(undefined),
    };
    player.#caller = await openCaller(port, streamId, handlers, options);
    return player;
  }

  /** Reads nothing more, and acknowledges nothing, but keeps its connection. */
  sleep(): void {
    this.#caller.isDeaf = true;
  }

  /** Reads again. */
  wake(): void {
    this.#caller.isDeaf = false;
  }

  leave(): void {
    this.#caller.connection.close();
    this.destroy();
  }

  destroy(): void {
    this.#caller.destroy();
  }

  #read(payload: Buffer): void {
    for (const event of this.#demuxer.push(payload)) {
      if (event.type === 'continuity') this.missing++;
      if (event.type === 'pes' && event.pid === VIDEO_PID) this.pictures.push(event.packet.data.at(-1)!);
    }
  }
}
