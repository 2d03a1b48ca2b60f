// RTMP 1.0 section 5.2: C1, C2, S1 and S2 have this size each; C0 and S0 are one byte.

export const PACKET_BYTES = 1536;
/** Time, and time 2 or zero (or, with a digest, the version of the software). */
const PACKET_HEADER_BYTES = 8;

/** Collects one packet from input that may be cut anywhere. */
export class PacketCollector {
  readonly #packet = Buffer.alloc(PACKET_BYTES);
  #filled = 0;

  /** Copies what belongs to the packet and returns how much of `input`, from `at` on, that was. */
  push(input: Buffer, at: number): number {
    const copied = input.copy(this.#packet, this.#filled, at);
    this.#filled += copied;
    return copied;
  }

  /** What is there of the packet. */
  get soFar(): Buffer {
    return this.#packet.subarray(0, this.#filled);
  }

  /** The packet, once all of it is there. */
  get complete(): Buffer | undefined {
    return this.#filled === PACKET_BYTES ? this.#packet : undefined;
  }
}

/** The packet that answers C1 or S1 without a digest: the same time and random bytes, and when it was read. */
export function echoPacket(packet: Buffer, readAtMs: number): Buffer {
  const echo = Buffer.from(packet);
  echo.writeUInt32BE(toTimestamp(readAtMs), 4);
  return echo;
}

/** Whether C2 or S2 holds the random bytes of the packet that it answers. */
export function isEchoOf(answer: Buffer, packet: Buffer): boolean {
  return answer.compare(packet, PACKET_HEADER_BYTES, PACKET_BYTES, PACKET_HEADER_BYTES, PACKET_BYTES) === 0;
}

/** Milliseconds as the wire has them: the low 32 bits. */
export function toTimestamp(ms: number): number {
  return Math.trunc(ms) >>> 0;
}
