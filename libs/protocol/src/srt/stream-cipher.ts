// draft-sharabayko-srt-01 section 6.2: payloads in AES-CTR, each with a counter of its own.
import { createCipheriv } from 'node:crypto';
import type { Cipheriv } from 'node:crypto';
import { SALT_BYTES } from './key-material.ts';

const BLOCK_BYTES = 16;
/** Where the sequence number goes into the counter: behind it are 16 bits for the blocks. */
const SEQUENCE_AT = 10;

/**
 * Encrypts and decrypts, which is the same. The blocks of the counter are written into one buffer and encrypted by a cipher that is kept:
 * that takes half the time of a cipher for each packet.
 */
export class StreamCipher {
  readonly #cipher: Cipheriv;
  readonly #counters: Buffer;
  readonly #salt: number;

  /** @param maxBytes of a payload */
  constructor(key: Buffer, salt: Buffer, maxBytes: number) {
    this.#cipher = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
    this.#counters = Buffer.alloc(Math.ceil(maxBytes / BLOCK_BYTES) * BLOCK_BYTES);
    this.#salt = salt.readUInt32BE(SEQUENCE_AT);
    for (let at = 0; at < this.#counters.length; at += BLOCK_BYTES) {
      salt.copy(this.#counters, at, 0, SALT_BYTES - 2);
      this.#counters.writeUInt16BE(at / BLOCK_BYTES, at + BLOCK_BYTES - 2);
    }
  }

  /** Changes the payload in its place. @param payload at most `maxBytes` */
  apply(sequence: number, payload: Buffer): void {
    const bytes = Math.ceil(payload.length / BLOCK_BYTES) * BLOCK_BYTES;
    const word = (this.#salt ^ sequence) >>> 0;
    for (let at = SEQUENCE_AT; at < bytes; at += BLOCK_BYTES) this.#counters.writeUInt32BE(word, at);
    const stream = this.#cipher.update(this.#counters.subarray(0, bytes));
    combine(payload, stream);
  }
}

const WORD_BYTES = 4;

/** Word by word, as datagrams and what a cipher gives begin at addresses that let it. */
function combine(payload: Buffer, stream: Buffer): void {
  let at = 0;
  if (payload.byteOffset % WORD_BYTES === 0 && stream.byteOffset % WORD_BYTES === 0) {
    const words = payload.length >> 2;
    const to = new Uint32Array(payload.buffer, payload.byteOffset, words);
    const from = new Uint32Array(stream.buffer, stream.byteOffset, words);
    for (let i = 0; i < words; i++) to[i] = to[i]! ^ from[i]!;
    at = words * WORD_BYTES;
  }
  for (; at < payload.length; at++) payload[at] = payload[at]! ^ stream[at]!;
}
