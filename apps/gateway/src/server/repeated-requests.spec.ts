// Requests on real connections: what is answered again, and what the parser must see although it looks the same.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RepeatedRequests } from './repeated-requests.ts';

const AGAIN = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nagain!';
const GET = 'GET /list HTTP/1.1\r\nHost: x\r\n\r\n';

let server: Server;
let client: Socket;
/** The server's side of it. */
let accepted: Socket;
let received: string;
let repeated: RepeatedRequests;
/** What the parser has seen. */
let seen: string[];
let again: (name: string) => string | undefined;
/** Files that were asked for and answered without the parser. */
let answered: string[];
let unread: number;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  received = '';
  seen = [];
  again = (name) => (name === 'list' ? AGAIN : undefined);
  answered = [];
  unread = 0;
  repeated = new RepeatedRequests(() => (unread++, () => void unread--));
  answer = (_request, response) => void response.end('parsed');
  server = createServer((request, response) => {
    response.sendDate = false;
    seen.push(`${request.method} ${request.url}`);
    repeated.arrived(request, response);
    if (request.url?.startsWith('/list') === true)
      repeated.remember(request, () => (name, socket, flushed) => {
        const text = again(name);
        if (text === undefined) return false;
        answered.push(name);
        socket.write(text, flushed);
        return true;
      });
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.on('connection', (socket: Socket) => (accepted = socket));
  client = connectTo();
});
afterEach(() => {
  client.destroy();
  server.closeAllConnections();
  server.close();
});

function connectTo(): Socket {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.setNoDelay(true);
  socket.on('data', (bytes) => (received += bytes.toString('latin1')));
  return socket.on('error', () => undefined);
}

const answers = (): string[] => received.match(/parsed|again!/g) ?? [];
/** Sends it, and waits for its answer. */
async function ask(bytes: string, count = 1): Promise<string | undefined> {
  const wanted = answers().length + count;
  client.write(bytes);
  await expect.poll(() => answers().length).toBe(wanted);
  return answers().at(-1);
}
/** Sends it, and waits until it was read. */
async function send(bytes: string): Promise<void> {
  const wanted = accepted.bytesRead + bytes.length;
  client.write(bytes);
  await expect.poll(() => accepted.bytesRead).toBe(wanted);
}
/** Until the connection answers again. */
async function learn(bytes = GET): Promise<void> {
  await expect.poll(() => ask(bytes)).toBe('again!');
  seen.length = 0;
}

describe('a request for a file beside one that was asked for before', () => {
  const named = (name: string): string => GET.replace('list', name);
  beforeEach(() => (again = () => AGAIN));

  it('is answered without the parser, by its name', async () => {
    await learn();
    answered.length = 0;
    const names = ['segment-1.ts', 'a', 'A_9', '..', 'x'.repeat(64)];
    for (const name of names) expect(await ask(named(name))).toBe('again!');
    expect(answered).toEqual(names);
    expect(seen).toEqual([]);
    again = (name) => (name === 'list' ? AGAIN : undefined);
    expect([await ask(named('other')), await ask(GET)]).toEqual(['parsed', 'again!']);
    expect(seen).toEqual(['GET /other']);
  });

  it('is parsed where its name is long, or has any other character', async () => {
    await learn();
    answered.length = 0;
    for (const name of ['x'.repeat(65), '', '%61', 'a?b', 'a/b', 'a~', 'a:80', 'a;b', '*']) {
      expect(await ask(named(name)), name).toBe('parsed');
      expect(await ask(GET)).toBe('again!');
    }
    expect(new Set(answered)).toEqual(new Set(['list']));
  });

  it('is answered again on a connection that began with another file, and not where that has a query', async () => {
    for (let i = 0; i < 4; i++) expect(await ask('GET /list?x=/a HTTP/1.1\r\nHost: x\r\n\r\n')).toBe('parsed');
    await learn();
    expect(await ask(named('b'))).toBe('again!');
  });
});

describe('a request that comes again', () => {
  it('is answered without the parser, as long as its bytes and its answer are the same', async () => {
    await learn();
    expect(received.endsWith(AGAIN)).toBe(true);
    expect([await ask(GET), await ask(GET)]).toEqual(['again!', 'again!']);
    expect(seen).toEqual([]);
    expect(await ask(GET.replace('Host: x', 'Host: y'))).toBe('parsed');
    expect(await ask('GET /other HTTP/1.1\r\nHost: x\r\n\r\n')).toBe('parsed');
    await learn();
    again = () => undefined;
    expect(await ask(GET)).toBe('parsed');
    again = (name) => (name === 'list' ? AGAIN : undefined);
    expect(await ask(GET)).toBe('again!');
    expect(seen).toEqual(['GET /list']);
  });

  it('is parsed from when the server stops on', async () => {
    await learn();
    repeated.onlyWhile(() => false);
    expect(await ask(GET)).toBe('parsed');
  });

  it('is parsed each time when it is long', async () => {
    const long = GET.replace('Host: x', `Host: x\r\nX: ${'x'.repeat(2_048)}`);
    for (let i = 0; i < 5; i++) expect(await ask(long)).toBe('parsed');
  });

  it('is parsed where it comes together with others, which keep their order', async () => {
    await learn();
    expect(await ask(GET + GET, 2)).toBe('parsed');
    expect(seen).toEqual(['GET /list', 'GET /list']);
    await learn();
    const waiting: ServerResponse[] = [];
    answer = (request, response) => (request.url === '/slow' ? void waiting.push(response) : response.end('parsed'));
    client.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
    await expect.poll(() => waiting).toHaveLength(1);
    client.write(GET);
    await expect.poll(() => seen).toEqual(['GET /slow', 'GET /list']);
    const before = answers().length;
    waiting[0]!.end('parsed');
    await expect.poll(() => answers().slice(before)).toEqual(['parsed', 'parsed']);
    expect(await ask(GET)).toBe('again!');
  });

  it('is not taken for one inside the body of another', async () => {
    await learn();
    const bodies: string[] = [];
    answer = (request, response) => {
      let body = '';
      request.on('data', (bytes: Buffer) => (body += bytes.toString('latin1')));
      request.on('end', () => (bodies.push(body), response.end('parsed')));
    };
    client.write(`POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: ${GET.length * 2}\r\n\r\n`);
    await expect.poll(() => seen).toEqual(['POST /form']);
    await send(GET);
    expect(await ask(GET)).toBe('parsed');
    expect(bodies).toEqual([GET + GET]);
    expect(await ask(GET)).toBe('parsed');
    expect(await ask(GET)).toBe('again!');
  });

  it('is not taken for one inside the head of another, even where that asks for the same', async () => {
    await learn();
    for (const start of [
      'GET /list HTTP/1.1\r\nX: ',
      'GET /list HTTP/1.1\r\nX: y\r\nZ: ',
      'DELETE /list HTTP/1.1\r\nX:',
    ]) {
      const arrived = seen.length;
      // In two reads: the second one alone looks like the request that is known.
      await send(start);
      expect(await ask(GET)).toBe('parsed');
      expect(seen).toHaveLength(arrived + 1);
      expect(await ask(GET)).toBe('parsed');
      expect(await ask(GET)).toBe('again!');
    }
  });

  it('has a limit for a client that does not read its answer, until it does, and is parsed meanwhile', async () => {
    await learn();
    const large = '.'.repeat(16 * 1024 * 1024);
    again = () => large;
    client.pause();
    await send(GET);
    expect([unread, seen]).toEqual([1, []]);
    await send(GET);
    expect(seen).toEqual(['GET /list']);
    client.resume();
    await expect.poll(() => unread).toBe(0);
  });

  it('keeps its connection until its answer has left, when those are closed that carry none', async () => {
    await learn();
    const large = '.'.repeat(16 * 1024 * 1024);
    again = () => large;
    client.pause();
    await send(GET);
    const closeIdle = (): void => repeated.keepSending(() => server.closeIdleConnections());
    closeIdle();
    expect(accepted.destroyed).toBe(false);
    let length = 0;
    client.on('data', (bytes) => (length += bytes.length));
    client.resume();
    await expect.poll(() => length).toBe(large.length);
    await expect.poll(() => unread).toBe(0);
    closeIdle();
    expect(accepted.destroyed).toBe(true);
  });

  it('is no longer looked for on a connection that was upgraded', async () => {
    const upgraded: string[] = [];
    server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nparsed');
      socket.on('data', (bytes: Buffer) => (upgraded.push(bytes.toString('latin1')), void socket.write('parsed')));
    });
    await learn();
    await ask('GET /list HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
    expect(await ask(GET)).toBe('parsed');
    expect(upgraded).toEqual([GET]);
    expect(seen).toEqual([]);
  });
});
