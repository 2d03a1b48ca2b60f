import { ProtocolError } from '../../bytes/index.ts';
import { ChunkStream } from './chunk-stream.ts';

/** Ids below this, which are all that most peers use, are looked up by index; the others in a map. */
const LOW_IDS = 64;

/** The chunk streams that a peer has opened. */
export class ChunkStreamTable {
  readonly #low = new Array<ChunkStream | undefined>(LOW_IDS).fill(undefined);
  readonly #high = new Map<number, ChunkStream>();
  #opened = 0;

  find(id: number): ChunkStream | undefined {
    return id < LOW_IDS ? this.#low[id] : this.#high.get(id);
  }

  /** @throws ProtocolError when there are `max` already. */
  open(id: number, max: number): ChunkStream {
    if (this.#opened >= max) {
      throw new ProtocolError(
        'rtmp.chunk.too-many-streams',
        'rtmp/chunk/chunk-stream-id',
        `more than ${max} chunk streams`,
      );
    }
    this.#opened += 1;
    const stream = new ChunkStream(id);
    if (id < LOW_IDS) this.#low[id] = stream;
    else this.#high.set(id, stream);
    return stream;
  }
}
