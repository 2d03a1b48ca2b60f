// RFC 8656 section 7.2: the odd port above an even one, kept for the client that asked for both. Threads share the table: the
// request with the token comes from another client port, and so perhaps to another thread.
import { randomBytes } from 'node:crypto';
import { RESERVATION_TOKEN_BYTES } from '@millrace/protocol/stun';
import type { IpFamily } from '../peers/ip-address.ts';

/** Section 7.2: "at least 30 seconds". */
export const RESERVATION_LIFETIME_MS = 30_000;
/** How many ports may be reserved at once. */
const MAX_RESERVATIONS = 1_024;

const FIELDS = 5;
const STATE = 0;
const HIGH = 1;
const LOW = 2;
const PORT = 3;
const OWNER = 4;

const FREE = 0;
const HELD = 1;
const BUSY = 2;

/** Stands beside the port. */
const IPV6_FLAG = 0x10000;

export interface ReservedPort {
  readonly family: IpFamily;
  readonly port: number;
}

export class Reservations {
  /** For the other threads. */
  readonly memory: SharedArrayBuffer;
  readonly #fields: Int32Array;

  constructor(memory = new SharedArrayBuffer(MAX_RESERVATIONS * FIELDS * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#fields = new Int32Array(memory);
  }

  /**
   * Keeps a port that the pool has given out.
   *
   * @param owner the user's quota slot: no other user may take it
   * @returns the token; undefined when too many ports are reserved
   */
  hold({ family, port }: ReservedPort, owner: number): Buffer | undefined {
    const fields = this.#fields;
    for (let index = 0; index < MAX_RESERVATIONS; index++) {
      const at = index * FIELDS;
      if (Atomics.compareExchange(fields, at + STATE, FREE, BUSY) !== FREE) continue;
      const token = randomBytes(RESERVATION_TOKEN_BYTES);
      // The token contains the place, so that it is found without a search; the other six bytes are the secret.
      token.writeUInt16BE(index);
      fields[at + HIGH] = token.readInt32BE(0);
      fields[at + LOW] = token.readInt32BE(4);
      fields[at + PORT] = family === 'IPv6' ? port | IPV6_FLAG : port;
      fields[at + OWNER] = owner;
      Atomics.store(fields, at + STATE, HELD);
      return token;
    }
    return undefined;
  }

  /** Ends a reservation. @returns its port, now the caller's; undefined when there is none of this token and owner */
  take(token: Uint8Array, owner: number): ReservedPort | undefined {
    if (token.length !== RESERVATION_TOKEN_BYTES) return undefined;
    const bytes = Buffer.from(token.buffer, token.byteOffset, token.byteLength);
    const index = bytes.readUInt16BE(0);
    if (index >= MAX_RESERVATIONS) return undefined;
    const fields = this.#fields;
    const at = index * FIELDS;
    if (Atomics.compareExchange(fields, at + STATE, HELD, BUSY) !== HELD) return undefined;
    const isIt =
      fields[at + HIGH] === bytes.readInt32BE(0) &&
      fields[at + LOW] === bytes.readInt32BE(4) &&
      fields[at + OWNER] === owner;
    const port = fields[at + PORT]!;
    Atomics.store(fields, at + STATE, isIt ? FREE : HELD);
    if (!isIt) return undefined;
    return { family: port >= IPV6_FLAG ? 'IPv6' : 'IPv4', port: port & 0xffff };
  }
}
