import { describe, expect, it } from 'vitest';
import { hex } from '../../testing/hex.ts';
import { faultOf } from '../../testing/protocol-fault.ts';
import { pattern } from '../testing/raw-chunk.ts';
import { ClientHandshake } from './client-handshake.ts';
import type { ClientHandshakeOptions } from './client-handshake.ts';
import { handshakeEnvironment } from './handshake-environment.ts';
import { ServerHandshake } from './server-handshake.ts';

function newClient(options?: ClientHandshakeOptions): { handshake: ClientHandshake; sent: Buffer[] } {
  const sent: Buffer[] = [];
  const environment = { now: () => 1000, random: (size: number) => pattern(size, 0x33) };
  return { handshake: new ClientHandshake((bytes) => sent.push(bytes), environment, options), sent };
}

describe('ClientHandshake', () => {
  it('sends C0 and C1, C2 once S1 is there, and is done with S2', () => {
    const { handshake, sent } = newClient();
    handshake.start();
    const [c0c1] = sent;
    expect(c0c1).toHaveLength(1537);
    expect(c0c1?.subarray(0, 9).toString('hex')).toBe('03000003e800000000');
    const s1 = pattern(1536, 8);
    handshake.push(hex('03'));
    handshake.push(s1.subarray(0, 1535));
    expect(sent).toHaveLength(1);
    handshake.push(s1.subarray(1535));
    expect(sent).toHaveLength(2);
    // C2: S1's time, when S1 was read, S1's random bytes.
    expect(sent[1]?.subarray(0, 8).equals(Buffer.concat([s1.subarray(0, 4), hex('000003e8')]))).toBe(true);
    expect(sent[1]?.subarray(8).equals(s1.subarray(8))).toBe(true);
    expect(handshake.done).toBe(false);
    expect(handshake.push(Buffer.concat([c0c1!.subarray(1), hex('02')]))).toBe(1536);
    expect(handshake).toMatchObject({ done: true, s2Matches: true, signed: false });
  });

  it('refuses a server that answers with another version', () => {
    for (const version of [0, 2, 4, 6, 72]) {
      expect(faultOf(() => newClient().handshake.push(Buffer.of(version)))).toBe('rtmp.handshake.version');
    }
    const http = Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n');
    expect(() => newClient().handshake.push(http)).toThrow('an HTTP server answers there: its first byte is 72');
  });

  it('accepts an S2 that is no echo, and notes it', () => {
    const { handshake } = newClient();
    handshake.start();
    handshake.push(Buffer.concat([hex('03'), pattern(1536), Buffer.alloc(1536)]));
    expect(handshake).toMatchObject({ done: true, s2Matches: false });
  });

  it.each<[string, ClientHandshakeOptions, object]>([
    ['without a digest', {}, { signed: false }],
    ['with a digest of scheme 0', { scheme: 0 }, { signed: true }],
    ['with a digest of scheme 1', { scheme: 1 }, { signed: true }],
    ['of a later version', { version: 6 }, { signed: false }],
  ])('agrees with the server’s side, %s', (_name, options, outcome) => {
    const toServer: Buffer[] = [];
    const toClient: Buffer[] = [];
    const environment = handshakeEnvironment(() => 42);
    const client = new ClientHandshake((bytes) => toServer.push(bytes), environment, options);
    const server = new ServerHandshake((bytes) => toClient.push(bytes), environment);
    client.start();
    for (let turn = 0; turn < 3; turn++) {
      for (const bytes of toServer.splice(0)) server.push(bytes);
      for (const bytes of toClient.splice(0)) client.push(bytes);
    }
    expect(client).toMatchObject({ done: true, s2Matches: true, ...outcome });
    expect(server).toMatchObject({ done: true, c2Matches: true, scheme: options.scheme });
  });
});
