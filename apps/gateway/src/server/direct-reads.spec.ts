import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readDirectly } from './direct-reads.ts';

let server: Server;
let client: Socket;
let accepted: Socket;

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = connect((server.address() as AddressInfo).port, '127.0.0.1').setNoDelay(true);
  [accepted] = (await once(server, 'connection')) as [Socket];
});
afterEach(() => {
  client.destroy();
  accepted.destroy();
  server.close();
});

it('hands on what is read, tells of the end as ever, and counts', async () => {
  let text = '';
  let ended = false;
  accepted.on('end', () => (ended = true)).on('data', () => expect.unreachable());
  expect(readDirectly(accepted, (bytes) => ((text += bytes.toString()), true))).toBe(true);
  expect(readDirectly(accepted, () => true)).toBe(false);
  for (const part of ['a', 'bc', 'def']) {
    const before = text;
    client.write(part);
    await expect.poll(() => text).toBe(before + part);
  }
  client.end();
  await expect.poll(() => ended).toBe(true);
  expect(accepted.bytesRead).toBe(6);
  expect(accepted.writable).toBe(true);
});

it('reads nothing while the socket is paused', async () => {
  let text = '';
  accepted.resume();
  readDirectly(accepted, (bytes) => ((text += bytes.toString()), true));
  client.write('a');
  await expect.poll(() => text).toBe('a');
  accepted.pause();
  client.write('b'.repeat(100_000));
  client.end();
  await once(client, 'finish');
  // A turn of the loop in which it would be read.
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  expect(text).toBe('a');
  accepted.resume();
  await expect.poll(() => text.length).toBe(100_001);
});

it('can give it to the stream, which then asks for more when it wants more', async () => {
  readDirectly(accepted, (bytes) => accepted.push(Buffer.from(bytes)));
  const sent = Buffer.alloc(1_000_000, 'abcdefg');
  client.end(sent);
  const parts: Buffer[] = [];
  for await (const part of accepted as AsyncIterable<Buffer>) parts.push(part);
  expect(Buffer.concat(parts).equals(sent)).toBe(true);
});

it('tells of a connection that breaks', async () => {
  const errors: unknown[] = [];
  accepted.on('error', (error) => errors.push(error)).resume();
  readDirectly(accepted, () => true);
  client.resetAndDestroy();
  await expect.poll(() => accepted.destroyed).toBe(true);
  expect(errors).toMatchObject([{ code: 'ECONNRESET' }]);
});
