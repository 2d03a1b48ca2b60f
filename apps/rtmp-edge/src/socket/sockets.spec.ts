// Both ways of reading, held to the same behaviour over real sockets.
import { once } from 'node:events';
import { connect, createServer, Socket } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ByteSocket, ByteSocketHandler } from './byte-socket.ts';
import { DirectSocket, MediaReading, readBuffer } from './direct-socket.ts';
import { LowWaterMarks } from './low-water-marks.ts';
import { ReadPacer } from './read-pacer.ts';
import { SocketCalls } from './socket-calls.ts';
import { StreamSocket } from './stream-socket.ts';

interface Opened {
  readonly socket: ByteSocket;
  readonly chunks: Buffer[];
  readonly closed: Promise<Error | undefined>;
  onBytes: ((bytes: Buffer) => void) | undefined;
}

const calls = SocketCalls.load(readBuffer);
const reading = (pacer: ReadPacer, markBytes = 0) => new MediaReading(pacer, new LowWaterMarks(markBytes, calls));
const byEvents = () => reading(new ReadPacer(0, 1, calls));
const direct = (open: () => MediaReading) => (socket: Socket, handler: ByteSocketHandler) => {
  const opened = DirectSocket.open(socket, handler, open())!;
  opened.carryMedia(true);
  return opened;
};

describe.each([
  ['DirectSocket', direct(byEvents)],
  ['DirectSocket that is read in passes', direct(() => reading(new ReadPacer(5, 1, calls)))],
  ['DirectSocket with a low-water mark', direct(() => reading(new ReadPacer(0, 1, calls), 2))],
  ['DirectSocket with a low-water mark that is read in passes', direct(() => reading(new ReadPacer(5, 1, calls), 2))],
  ['DirectSocket where the system has no passes', direct(() => reading(new ReadPacer(5, 1, undefined)))],
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
    // By then a socket that is read in passes is so already: no pass may read it.
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
    expect(DirectSocket.open(socket, handler, byEvents())).toBeUndefined();
    expect(socket.listenerCount('close')).toBe(0);
  });
});

describe.runIf(calls !== undefined)('ReadPacer', () => {
  const socket = { fd: -1, onBytes: () => undefined, resumeReading: () => undefined };

  it('takes nothing when there are few sockets, or no passes are wanted or possible', () => {
    const few = new ReadPacer(5, 3, calls);
    few.add();
    few.add();
    expect(few.take(socket)).toBe(false);
    few.add();
    expect(few.take(socket)).toBe(true);
    few.remove(socket);
    expect(few.take(socket)).toBe(false);
    for (const other of [new ReadPacer(0, 1, calls), new ReadPacer(5, 1, undefined)]) {
      other.add();
      expect(other.take(socket)).toBe(false);
    }
  });

  it('has sockets read by events again when there are few', () => {
    const pacer = new ReadPacer(3_600_000, 2, calls);
    let resumed = 0;
    const paced = { ...socket, resumeReading: () => resumed++ };
    const gone = { ...socket };
    pacer.add();
    pacer.add();
    expect([pacer.take(paced), pacer.take(gone), resumed]).toEqual([true, true, 0]);
    pacer.remove(gone);
    expect(resumed).toBe(1);
  });

  it('has sockets read by events again when none has had anything for a while', async () => {
    const pacer = new ReadPacer(1, 1, calls);
    let resumed = 0;
    pacer.add();
    pacer.take({ ...socket, resumeReading: () => resumed++ });
    await expect.poll(() => resumed).toBe(1);
  });

  it('reads several sockets in one pass, and passes over one that another has closed', async () => {
    const server = createServer({ pauseOnConnect: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const pacer = new ReadPacer(20, 1, calls);
    const opened: DirectSocket[] = [];
    const received: string[] = ['', ''];
    server.on('connection', (accepted) => {
      const index = opened.length;
      const handler = {
        onBytes: (bytes: Buffer) => {
          received[index] += bytes.toString();
          if (received[index]!.endsWith('!')) opened[1 - index]!.destroy();
        },
        onDrained: () => undefined,
        onSocketClosed: () => undefined,
      };
      opened.push(DirectSocket.open(accepted, handler, reading(pacer))!);
      opened[index]!.carryMedia(true);
    });
    const clients = [0, 1].map(() => connect((server.address() as AddressInfo).port, '127.0.0.1'));
    for (const client of clients) client.on('error', () => undefined).write('a');
    await expect.poll(() => received).toEqual(['a', 'a']);
    for (const client of clients) client.write('b');
    await expect.poll(() => received).toEqual(['ab', 'ab']);
    for (const client of clients) client.write('!');
    await expect.poll(() => received.filter((text) => text.endsWith('!'))).toHaveLength(1);
    await expect.poll(() => opened.filter(({ fd }) => fd < 0)).toHaveLength(1);
    for (const client of clients) client.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  it('reads nothing for a socket that lost its descriptor while the one before it was read', async () => {
    const server = createServer({ pauseOnConnect: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const clients: Socket[] = [];
    const descriptors: number[] = [];
    for (let i = 0; i < 2; i++) {
      const accepted = once(server, 'connection');
      clients.push(connect((server.address() as AddressInfo).port, '127.0.0.1'));
      const [socket] = (await accepted) as [Socket & { _handle: { fd: number } }];
      descriptors.push(socket._handle.fd);
      clients.push(socket);
    }
    const read: number[] = [];
    const pacer = new ReadPacer(5, 1, calls);
    pacer.add();
    for (const [index, fd] of descriptors.entries())
      pacer.take({
        get fd() {
          return read.length === 0 ? fd : -1;
        },
        onBytes: () => read.push(index),
        resumeReading: () => undefined,
      });
    // Both have something before the first pass: the system is not asked before this turn of the event loop ends.
    for (const client of clients.slice(0, 3)) client.write('x');
    await expect.poll(() => read.length).toBeGreaterThan(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(read).toHaveLength(1);
    for (const client of clients) client.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
});

describe.runIf(calls !== undefined)('LowWaterMarks', () => {
  /** Longer than a byte takes to an idle process, and shorter than what is below a mark waits. */
  const SOON_MS = 40;
  const soon = () => new Promise((resolve) => setTimeout(resolve, SOON_MS));
  const picture = Buffer.alloc(64 * 1024, 'p');
  const sound = Buffer.alloc(300, 's');
  let server: Server;
  let client: Socket;
  let opened: DirectSocket;
  let received: number;

  beforeEach(async () => {
    received = 0;
    server = createServer({ pauseOnConnect: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const accepted = once(server, 'connection');
    client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.on('error', () => undefined);
    const [socket] = (await accepted) as [Socket];
    const handler = {
      onBytes: (bytes: Buffer) => void (received += bytes.length),
      onDrained: () => undefined,
      onSocketClosed: () => undefined,
    };
    opened = DirectSocket.open(socket, handler, reading(new ReadPacer(0, 1, calls), 1_024))!;
    opened.carryMedia(true);
  });
  afterEach(async () => {
    client.destroy();
    opened.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Sends sound, and a picture when that is read or has waited. @returns whether it waited */
  const soundWaits = async (): Promise<boolean> => {
    const before = received;
    client.write(sound);
    await soon();
    const waited = received === before;
    client.write(picture);
    await expect.poll(() => received).toBe(before + sound.length + picture.length);
    return waited;
  };

  it('have sound wait for the next picture while there are many', async () => {
    expect(await soundWaits()).toBe(false);
    await expect.poll(soundWaits, { timeout: 5_000, interval: 0 }).toBe(true);
  });

  it('have what is left read when nothing follows, and sound alone is not held up', async () => {
    await expect.poll(soundWaits, { timeout: 5_000, interval: 0 }).toBe(true);
    const before = received;
    client.write(sound);
    await expect.poll(() => received, { timeout: 5_000 }).toBe(before + sound.length);
    const readSoon = async (): Promise<boolean> => {
      const had = received;
      client.write(sound);
      await soon();
      return received > had;
    };
    await expect.poll(readSoon, { timeout: 5_000, interval: 0 }).toBe(true);
  });

  it('leave a socket alone that is paused, and are taken off with the media', async () => {
    await expect.poll(soundWaits, { timeout: 5_000, interval: 0 }).toBe(true);
    opened.pause();
    const before = received;
    client.write(sound);
    // Three times as long as the rest of what comes waits.
    for (let i = 0; i < 15; i++) await soon();
    expect(received).toBe(before);
    opened.carryMedia(false);
    opened.resume();
    await expect.poll(() => received).toBe(before + sound.length);
  });
});
