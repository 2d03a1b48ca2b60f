// A datagram as a socket hands it on in place: in memory that has had others.
import { HEADROOM_BYTES, TAILROOM_BYTES } from '../transport/udp-socket.ts';

/** What was there before. */
const OLD = 0xa5;

export interface Surrounded {
  readonly memory: Buffer;
  readonly start: number;
  readonly end: number;
}

export function surrounded(bytes: Uint8Array): Surrounded {
  const end = HEADROOM_BYTES + bytes.length;
  const memory = Buffer.alloc(end + TAILROOM_BYTES, OLD);
  memory.set(bytes, HEADROOM_BYTES);
  return { memory, start: HEADROOM_BYTES, end };
}
