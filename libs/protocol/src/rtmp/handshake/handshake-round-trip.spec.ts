// Both sides of the handshake against each other, with any random bytes, cut anywhere.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClientHandshake } from './client-handshake.ts';
import type { HandshakeEnvironment } from './handshake-environment.ts';
import { ServerHandshake } from './server-handshake.ts';

/** Random bytes that follow from a seed. */
function environment(seed: string): HandshakeEnvironment {
  let count = 0;
  const block = (): Buffer => createHash('sha512').update(`${seed} ${count++}`).digest();
  return {
    now: () => 2 ** 33 + 5,
    random: (size) => Buffer.concat(Array.from({ length: Math.ceil(size / 64) }, block)).subarray(0, size),
  };
}

describe('a client and a server handshake', () => {
  it('come to an end together, each content with the other’s answer, and leave what follows alone', () => {
    const options = fc.record({
      seed: fc.string(),
      scheme: fc.constantFrom(undefined, 0 as const, 1 as const),
      version: fc.integer({ min: 3, max: 31 }).filter((version) => version !== 13 && version !== 22),
      readSize: fc.integer({ min: 1, max: 4000 }),
      behind: fc.uint8Array({ maxLength: 5 }),
    });
    fc.assert(
      fc.property(options, ({ seed, scheme, version, readSize, behind }) => {
        let toServer = Buffer.alloc(0);
        let toClient = Buffer.alloc(0);
        const client = new ClientHandshake(
          (bytes) => (toServer = Buffer.concat([toServer, bytes])),
          environment(`client ${seed}`),
          { scheme, version },
        );
        const server = new ServerHandshake(
          (bytes) => (toClient = Buffer.concat([toClient, bytes])),
          environment(`server ${seed}`),
        );
        client.start();
        while (!client.done || !server.done) {
          expect(toServer.length + toClient.length).toBeGreaterThan(0);
          const up = toServer.subarray(0, readSize);
          const down = toClient.subarray(0, readSize);
          toServer = toServer.subarray(up.length);
          toClient = toClient.subarray(down.length);
          expect([server.push(up), client.push(down)]).toEqual([up.length, down.length]);
        }
        expect([server.push(Buffer.from(behind)), client.push(Buffer.from(behind))]).toEqual([0, 0]);
        expect([client.s2Matches, server.c2Matches]).toEqual([true, true]);
        expect([client.signed, server.scheme, server.clientVersion]).toEqual([scheme !== undefined, scheme, version]);
      }),
    );
  });
});
