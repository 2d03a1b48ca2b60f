// Answers on real connections: what is sent is what the runtime itself would write, and in the same order.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { endOfHead, preparedParts } from './prepared-answer.ts';
import { playlistRepresentation, segmentRepresentation } from './representation.ts';
import type { Representation } from './representation.ts';
import { sendRepresentation } from './send-representation.ts';

const END = '#EXT-X-ENDLIST\n';
const newPlaylist = (): Representation => playlistRepresentation(`#EXTM3U\n# Größe\n${END}`);
const NOW_MS = 1_700_000_000_000;

let server: Server;
let client: Socket;
let received: string;
/** How many answers the runtime has written the head of. */
let heads: number;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  vi.useFakeTimers({ now: NOW_MS, toFake: ['Date'] });
  heads = 0;
  received = '';
  server = createServer((request, response) => {
    const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
    response.writeHead = (...args: unknown[]) => (heads++, writeHead(...args));
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('data', (bytes) => (received += bytes.toString('latin1')));
});
afterEach(() => {
  vi.useRealTimers();
  client.destroy();
  server.closeAllConnections();
  server.close();
});

const get = (path = '/', headers: readonly string[] = [], method = 'GET', version = '1.1'): void =>
  void client.write([`${method} ${path} HTTP/${version}`, 'Host: x', ...headers, '', ''].join('\r\n'));
/** The answers so far, without what differs from second to second. */
const answers = (): string[] =>
  received
    .split(/(?=HTTP\/1\.1 )/)
    .filter((each) => each !== '')
    .map((each) => each.replace(/^Date: .*\r\n/m, ''));
const sends = (what: Representation) => (request: IncomingMessage, response: ServerResponse) =>
  void sendRepresentation(request, response, what);

/** The same, of which nothing is prepared. */
const segmentLike = (what: Representation): Representation => ({ ...what });

describe('a playlist that many ask for', () => {
  it('leaves as the runtime has written the first answer of a second, with a date of its own in the next', async () => {
    const playlist = newPlaylist();
    const sent: unknown[] = [];
    answer = (request, response) => sent.push(sendRepresentation(request, response, playlist));
    for (let asked = 1; asked <= 3; asked++) {
      get();
      await expect.poll(() => answers().filter((each) => each.endsWith(END))).toHaveLength(asked);
    }
    expect(heads).toBe(1);
    expect(new Set(answers()).size).toBe(1);
    expect(answers()[0]).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*^Content-Length: 33\r\n[^]*^Connection: keep-alive\r\n/im);
    expect(received.match(/^Date: /gm)).toHaveLength(3);
    expect(sent).toEqual(Array.from({ length: 3 }, () => ({ status: 200, bytes: playlist.body.byteLength })));
    vi.setSystemTime(NOW_MS + 1_000);
    get();
    await expect.poll(() => answers()).toHaveLength(4);
    expect(heads).toBe(1);
    expect(new Set(answers()).size).toBe(1);
    const dates = received.match(/^Date: .*\r\n/gm);
    expect(dates).toHaveLength(4);
    expect(dates?.at(-1)).toBe(`Date: ${new Date(NOW_MS + 1_000).toUTCString()}\r\n`);
  });

  it('is answered in turn where requests wait for one another', async () => {
    const playlist = newPlaylist();
    const later: (() => void)[] = [];
    answer = (request, response) => {
      if (request.url !== '/slow') return sends(playlist)(request, response);
      later.push(() => response.end('slow'));
      response.setHeader('content-length', 4);
    };
    get();
    get('/slow');
    get();
    get();
    await expect.poll(() => later).toHaveLength(1);
    await expect.poll(() => answers()).toHaveLength(1);
    later[0]!();
    await expect.poll(() => answers().filter((each) => each.endsWith(END))).toHaveLength(3);
    expect(answers()[1]).toMatch(/slow$/);
  });

  it('has its connection closed where its client or the server wants that, and none of it is sent with HEAD or unchanged', async () => {
    const playlist = newPlaylist();
    answer = sends(playlist);
    get();
    get();
    await expect.poll(() => answers()).toHaveLength(2);
    get('/', [], 'HEAD');
    get('/', [`If-None-Match: ${playlist.tag}`]);
    await expect.poll(() => answers()).toHaveLength(4);
    expect(answers()[2]).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/);
    expect(answers()[3]).toMatch(/^HTTP\/1\.1 304 Not Modified\r\n[^]*\r\n\r\n$/);
    answer = (request, response) => sends(playlist)(request, response.setHeader('connection', 'close'));
    const ended = once(client, 'end');
    get();
    await ended;
    expect(answers()[4]).toMatch(/^connection: close\r\n[^]*#EXT-X-ENDLIST\n$/m);
  });

  it.each([
    ['asks for that', ['Connection: close'], '1.1'],
    ['knows only HTTP/1.0', [], '1.0'],
  ])('closes the connection of a client that %s', async (_, headers, version) => {
    const playlist = newPlaylist();
    answer = sends(playlist);
    get();
    get();
    await expect.poll(() => answers()).toHaveLength(2);
    const ended = once(client, 'end');
    get('/', headers, 'GET', version);
    await ended;
    expect(answers()[2]).toMatch(/^connection: close\r\n[^]*#EXT-X-ENDLIST\n$/im);
  });
});

it.each([
  ['playlist', () => newPlaylist()],
  ['segment', () => segmentRepresentation({ bytes: Buffer.from(`first${END}`), contentType: 'video/mp2t' })],
])('another answer can be written as the runtime would after it has written one for a %s', async (_, first) => {
  const what = first();
  const others = [
    playlistRepresentation(`#EXTM3U\n# another\n${END}`),
    segmentRepresentation({ bytes: Buffer.from(`another${END}`), contentType: 'video/mp4' }),
  ];
  let end: string | undefined;
  answer = (request, response) => {
    sendRepresentation(request, response, what);
    end = endOfHead(response, what);
  };
  get();
  await expect.poll(() => answers()).toHaveLength(1);
  expect(end).toMatch(/^Date: .*\r\nConnection: keep-alive\r\nKeep-Alive: timeout=\d+\r\n\r\n$/);
  vi.setSystemTime(NOW_MS + 5_000);
  for (const other of others) {
    const made = Buffer.concat(preparedParts(other, end)!).toString('latin1');
    received = '';
    answer = sends(segmentLike(other));
    get();
    await expect.poll(() => received.endsWith(END)).toBe(true);
    expect(made).toContain(`\r\nDate: ${new Date(NOW_MS + 5_000).toUTCString()}\r\n`);
    expect(made.replace(/^Date: .*\r\n/m, '')).toBe(answers()[0]);
  }
});

it('nothing is made up without an answer of the runtime, or after one that ends its connection', async () => {
  const what = newPlaylist();
  expect(preparedParts(what)).toBeUndefined();
  let end: string | undefined = 'not asked';
  answer = (request, response) => {
    sendRepresentation(request, response, what);
    end = endOfHead(response, what);
  };
  get('/', ['Connection: close']);
  await expect.poll(() => answers()).toHaveLength(1);
  expect(end).toBeUndefined();
  expect(preparedParts(newPlaylist(), end)).toBeUndefined();
});

it('a segment is written by the runtime each time: a second copy of it would cost more than it saves', async () => {
  answer = sends(segmentRepresentation({ bytes: Buffer.from(END), contentType: 'video/mp2t' }));
  get();
  get();
  await expect.poll(() => answers().filter((each) => each.endsWith(END))).toHaveLength(2);
  expect(heads).toBe(2);
});
