// Both ways of reading, held to the same behaviour over real sockets.
import { connect, createServer, Socket } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ByteSocket, ByteSocketHandler } from './byte-socket.ts';
import { DirectSocket } from './direct-socket.ts';
import { ReadPacer } from './read-pacer.ts';
import { StreamSocket } from './stream-socket.ts';

interface Opened {
  readonly socket: ByteSocket;
  readonly chunks: Buffer[];
  readonly closed: Promise<Error | undefined>;
  onBytes: ((bytes: Buffer) => void) | undefined;
}

const noRest = () => new ReadPacer(0, 1);

describe.each([
  ['DirectSocket', (socket: Socket, handler: ByteSocketHandler) => DirectSocket.open(socket, handler, noRest())!],
  [
    'DirectSocket that rests',
    (socket: Socket, handler: ByteSocketHandler) => DirectSocket.open(socket, handler, new ReadPacer(5, 1))!,
  ],
  [
    'StreamSocket',
    (socket: Socket, handler: ByteSocketHandler) => {
      const opened = new StreamSocket(socket, handler);
      socket.resume();
      return opened;
    },
  ],
])('%s', (_, open) => {
  let server: Server;
  let client: Socket;
  let opened: Opened;

  beforeEach(async () => {
    server = createServer({ pauseOnConnect: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const accepted = new Promise<Opened>((resolve) => {
      server.on('connection', (socket) => {
        const chunks: Buffer[] = [];
        let close = (_: Error | undefined): void => undefined;
        const closed = new Promise<Error | undefined>((settle) => (close = settle));
        const record: { onBytes: Opened['onBytes'] } = { onBytes: undefined };
        const byteSocket = open(socket, {
          onBytes: (bytes) => {
            chunks.push(Buffer.from(bytes));
            record.onBytes?.(bytes);
          },
          onDrained: () => undefined,
          onSocketClosed: (error) => close(error),
        });
        resolve(Object.assign(record, { socket: byteSocket, chunks, closed }));
      });
    });
    client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.on('error', () => undefined);
    opened = await accepted;
  });
  afterEach(async () => {
    client.destroy();
    opened.socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  const received = () => Buffer.concat(opened.chunks);
  const pattern = (size: number) =>
    Buffer.from(Uint8Array.from({ length: size }, (_value, i) => (i * 7 + (i >> 8)) & 0xff));

  it('reads everything in order, more than any buffer holds', async () => {
    const sent = pattern(3_000_000);
    client.write(sent);
    await expect.poll(() => opened.chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBe(sent.length);
    expect(received().equals(sent)).toBe(true);
  });

  it('reads nothing while it is paused, and goes on', async () => {
    opened.onBytes = () => opened.socket.pause();
    client.write('first');
    await expect.poll(() => received().toString()).toBe('first');
    client.write('second');
    await expect.poll(() => client.writableLength).toBe(0);
    expect(received().toString()).toBe('first');
    opened.onBytes = undefined;
    opened.socket.resume();
    await expect.poll(() => received().toString()).toBe('firstsecond');
  });

  it('stays paused when that comes right behind a read', async () => {
    // By then a socket that rests between reads does so already: the end of the rest must not make it read.
    const paused = new Promise<void>((resolve) => {
      opened.onBytes = () =>
        setImmediate(() => {
          opened.socket.pause();
          resolve();
        });
    });
    client.write('first');
    await paused;
    client.write('second');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(received().toString()).toBe('first');
    opened.onBytes = undefined;
    opened.socket.resume();
    await expect.poll(() => received().toString()).toBe('firstsecond');
  });

  it('makes the peer wait while it is paused', async () => {
    opened.socket.pause();
    client.write(Buffer.alloc(32 * 1024 * 1024));
    await expect.poll(() => client.writableLength).toBeGreaterThan(0);
    opened.socket.resume();
    await expect.poll(() => client.writableLength, { timeout: 10_000 }).toBe(0);
  });

  it('writes, and says what is unsent', async () => {
    let got = '';
    client.on('data', (bytes: Buffer) => (got += bytes.toString()));
    opened.socket.write(Buffer.from('hello'));
    await expect.poll(() => got).toBe('hello');
    client.pause();
    for (let i = 0; i < 64; i++) opened.socket.write(Buffer.alloc(256 * 1024));
    expect(opened.socket.unsentBytes).toBeGreaterThan(0);
  });

  it('tells that the peer has closed, in order', async () => {
    client.end('last');
    expect(await opened.closed).toBeUndefined();
    expect(received().toString()).toBe('last');
    opened.socket.write(Buffer.from('not delivered'));
    opened.socket.end();
  });

  it('tells that the peer was torn away', async () => {
    client.write('x');
    await expect.poll(() => received().toString()).toBe('x');
    client.resetAndDestroy();
    expect(await opened.closed).toMatchObject({ code: 'ECONNRESET' });
  });

  it('says a last word before it closes', async () => {
    let got = '';
    client.on('data', (bytes: Buffer) => (got += bytes.toString()));
    opened.socket.write(Buffer.from('bye'));
    opened.socket.end();
    await opened.closed;
    expect(got).toBe('bye');
  });

  it('may be destroyed while it reads', async () => {
    opened.onBytes = () => opened.socket.destroy();
    client.write(pattern(1_000_000));
    await opened.closed;
    opened.socket.resume();
    opened.socket.pause();
  });
});

describe('DirectSocket.open', () => {
  it('leaves alone what it cannot take over', () => {
    const handler = { onBytes: () => undefined, onDrained: () => undefined, onSocketClosed: () => undefined };
    // A socket without a system handle: it was never connected.
    const socket = new Socket();
    expect(DirectSocket.open(socket, handler, noRest())).toBeUndefined();
    expect(socket.listenerCount('close')).toBe(0);
  });
});

describe('ReadPacer', () => {
  it('lets nothing rest when there are few sockets, or no rest is wanted', () => {
    const socket = { resumeReading: () => undefined };
    const few = new ReadPacer(5, 3);
    few.opened();
    few.opened();
    expect(few.rest(socket)).toBe(false);
    few.opened();
    expect(few.rest(socket)).toBe(true);
    few.closed();
    expect(few.rest(socket)).toBe(false);
    const off = new ReadPacer(0, 1);
    off.opened();
    expect(off.rest(socket)).toBe(false);
  });

  it('calls back all that rest, once', async () => {
    const pacer = new ReadPacer(1, 1);
    pacer.opened();
    const calls: number[] = [];
    for (let i = 0; i < 3; i++) pacer.rest({ resumeReading: () => calls.push(i) });
    await expect.poll(() => calls).toEqual([0, 1, 2]);
    let again = false;
    pacer.rest({ resumeReading: () => (again = true) });
    await expect.poll(() => again).toBe(true);
    expect(calls).toEqual([0, 1, 2]);
  });
});
