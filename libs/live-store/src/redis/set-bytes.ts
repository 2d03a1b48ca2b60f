// A SET whose value leaves as it is: the client would first copy it into new memory, together with the command.
import type { Writable } from 'node:stream';
import { Command } from 'ioredis';

/** The value is not changed until the answer is there, or the connection has ended. */
export class SetBytes extends Command {
  readonly #key: string;
  readonly #bytes: Uint8Array;
  readonly #ttlMs: string;

  constructor(key: string, bytes: Uint8Array, ttlMs: number) {
    super('set', [key, '', 'PX', ttlMs]);
    this.#key = key;
    this.#bytes = bytes;
    this.#ttlMs = String(ttlMs);
  }

  /** Writes all but the end, which the client writes: all of it, and the commands that follow at once, leave together. */
  override toWritable(socket: object): string {
    const stream = socket as Writable;
    stream.cork();
    process.nextTick(() => stream.uncork());
    stream.write(
      `*5\r\n$3\r\nset\r\n$${Buffer.byteLength(this.#key)}\r\n${this.#key}\r\n$${this.#bytes.byteLength}\r\n`,
    );
    stream.write(this.#bytes);
    return `\r\n$2\r\nPX\r\n$${this.#ttlMs.length}\r\n${this.#ttlMs}\r\n`;
  }
}
