import { createCipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { noise } from '../mpegts/testing/synthetic.ts';
import { StreamCipher } from './stream-cipher.ts';

/** The counter of a packet as section 6.2.2 has it: 112 bits of the salt, with the number of the packet in the last 32 of them. */
function expected(key: Buffer, salt: Buffer, sequence: number, payload: Buffer): Buffer {
  const counter = Buffer.concat([salt.subarray(0, 14), Buffer.alloc(2)]);
  counter.writeUInt32BE((counter.readUInt32BE(10) ^ sequence) >>> 0, 10);
  return createCipheriv(`aes-${key.length * 8}-ctr`, key, counter).update(payload);
}

describe('the cipher of payloads', () => {
  it.each([16, 24, 32])(
    'is AES in counter mode with keys of %i bytes, for payloads of every length wherever they begin',
    (keyBytes) => {
      const [key, salt] = [noise(keyBytes, 1), noise(16, 2)];
      const cipher = new StreamCipher(key, salt, 1_456);
      for (const [sequence, length] of [0, 1, 15, 16, 17, 1_315, 1_316, 1_456].entries())
        for (let offset = 0; offset < 4; offset++) {
          const clear = noise(length, sequence + 3);
          const payload = Buffer.concat([Buffer.alloc(offset), clear]).subarray(offset);
          cipher.apply(0x7fff_ff00 + sequence, payload);
          expect(payload).toEqual(expected(key, salt, 0x7fff_ff00 + sequence, clear));
        }
    },
  );
});
