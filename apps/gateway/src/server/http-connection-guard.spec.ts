// Connections that are too many, too slow or not whose they seem to be, beside those that must be served.
import { createMemoryLiveStore } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SampleStream } from '../testing/sample-stream.ts';
import { makeWorld, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

const LARGE = 24 * 1024 * 1024;
/** How long an answer may rest. */
const REST_MS = 1_500;

let postgres: TestPostgres;
let store: LiveStore;
let gateway: TestGateway;
let world: World;
const sockets: Socket[] = [];

beforeAll(async () => {
  postgres = await TestPostgres.create();
  store = createMemoryLiveStore();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await gateway.close();
});
afterAll(() => postgres.remove());

async function start(env: Record<string, string>): Promise<void> {
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), liveStore: store, env });
}

/** A raw connection from this address of the loopback network. */
async function open(localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(gateway.url).port), localAddress });
  sockets.push(socket);
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

/** Sends bytes. @returns what comes back until the connection ends, or what is looked for came */
async function exchange(socket: Socket, bytes: string | Buffer, untilText?: string): Promise<string> {
  socket.write(bytes);
  let text = '';
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    text += chunk.toString('latin1');
    if (untilText !== undefined && text.includes(untilText)) break;
  }
  return text;
}

const request = (path: string, headers = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}Connection: close\r\n\r\n`;
const refusals = async (reason: string): Promise<number> =>
  Number(
    new RegExp(`http_connections_refused_total\\{reason="${reason}"\\} (\\d+)`).exec(await gateway.metrics.text())?.[1],
  );

/** A header of the PROXY protocol, version 2, by the words of its specification: written here, not by our encoder. */
function proxyHeader(address: string): Buffer {
  const head = Buffer.from('0d0a0d0a000d0a515549540a2111000c', 'hex');
  const ends = Buffer.from([...address.split('.').map(Number), 127, 0, 0, 1, 0x30, 0x39, 0x1f, 0x90]);
  return Buffer.concat([head, ends]);
}

describe('connections of one address', () => {
  it('have a share, and those of others come in beside them', async () => {
    await start({ MILLRACE_HTTP_MAX_CONNECTIONS_PER_ADDRESS: '5', MILLRACE_HTTP_TRUSTED_PROXIES: '' });
    for (let i = 0; i < 20; i++) await open('127.0.0.2');
    await until('those beyond the share are closed', async () => (await refusals('too_many_from_address')) === 15);
    expect(await exchange(await open('127.0.0.3'), request('/hls/x/index.m3u8'))).toContain('404 Not Found');
    sockets[0]!.destroy();
    await until('a place is free again', async () => {
      const text = await exchange(await open('127.0.0.2'), request('/hls/x/index.m3u8'));
      return text.includes('404 Not Found');
    });
  });

  it('are not limited where they are those of a proxy', async () => {
    await start({ MILLRACE_HTTP_MAX_CONNECTIONS_PER_ADDRESS: '5' });
    const held = [];
    for (let i = 0; i < 20; i++) held.push(await open());
    expect(await exchange(held.at(-1)!, request('/hls/x/index.m3u8'))).toContain('404 Not Found');
  });
});

describe('an answer that is not read', () => {
  it('is cut after a time without progress, and one that is read slowly is not', async () => {
    await start({ MILLRACE_HTTP_SEND_TIMEOUT_MS: String(REST_MS) });
    world = await makeWorld(gateway);
    const stream = await SampleStream.begin(store, world.streamId, { window: 2, segmentBytes: LARGE });
    const name = await stream.add();
    const path = `/hls/${world.playbackId}/${name}`;
    const unread = await open();
    unread.pause();
    const closed = new Promise<void>((resolve) => unread.once('close', () => resolve()));
    const slow = await open();
    let got = 0;
    slow.on('data', (bytes: Buffer) => {
      got += bytes.length;
      slow.pause();
      // Reads in small steps, for longer than an answer may rest.
      setTimeout(() => slow.resume(), 4);
    });
    const ended = new Promise<void>((resolve) => slow.once('end', () => resolve()));
    const began = performance.now();
    unread.write(request(path));
    slow.write(request(path));
    await until('the unread answer is cut', async () => (await refusals('unread')) === 1);
    unread.resume();
    await closed;
    await ended;
    expect(got).toBeGreaterThan(LARGE);
    expect(performance.now() - began).toBeGreaterThan(REST_MS);
    expect(await refusals('unread')).toBe(1);
  });
});

describe('the PROXY protocol', () => {
  const PROXIED = { MILLRACE_HTTP_PROXY_PROTOCOL: 'true', MILLRACE_HTTP_TRUSTED_PROXIES: '127.0.0.1,198.51.100.0/24' };

  it('says whose a connection is, in one piece with the request or byte by byte', async () => {
    await start(PROXIED);
    world = await makeProxiedWorld();
    await (await SampleStream.begin(store, world.streamId)).add();
    const path = `/hls/${world.playbackId}/index.m3u8`;
    for (const client of ['192.0.2.1', '192.0.2.2']) {
      const whole = Buffer.concat([proxyHeader(client), Buffer.from(request(path))]);
      expect(await exchange(await open(), whole)).toContain('#EXTM3U');
    }
    const piecemeal = await open();
    for (const byte of proxyHeader('192.0.2.3')) {
      piecemeal.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await exchange(piecemeal, request(path))).toContain('#EXTM3U');
    expect(await gateway.metrics.text()).toContain('millrace_playback_viewers{protocol="hls"} 3\n');
  });

  it('goes before X-Forwarded-For, which is read where the client is a proxy itself', async () => {
    await start(PROXIED);
    world = await makeProxiedWorld();
    await (await SampleStream.begin(store, world.streamId)).add();
    const path = `/hls/${world.playbackId}/index.m3u8`;
    for (const [source, named] of [
      ['192.0.2.1', '203.0.113.1'],
      ['192.0.2.1', '203.0.113.2'],
      ['198.51.100.1', '203.0.113.3'],
      ['198.51.100.1', '203.0.113.4'],
    ] as const)
      await exchange(
        await open(),
        Buffer.concat([proxyHeader(source), Buffer.from(request(path, `X-Forwarded-For: ${named}\r\n`))]),
      );
    expect(await gateway.metrics.text()).toContain('millrace_playback_viewers{protocol="hls"} 3\n');
  });

  it('is refused from an address that is not trusted, when it is none, and when it does not come', async () => {
    await start({ ...PROXIED, MILLRACE_HTTP_REQUEST_TIMEOUT_MS: '300' });
    expect(await exchange(await open('127.0.0.2'), proxyHeader('192.0.2.1'))).toBe('');
    expect(await exchange(await open(), request('/'))).toBe('');
    expect(await exchange(await open(), 'PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\n')).toBe('');
    expect(await exchange(await open(), proxyHeader('192.0.2.1').subarray(0, 20))).toBe('');
    expect(await refusals('proxy_untrusted')).toBe(1);
    expect(await refusals('proxy_header')).toBe(2);
    expect(await refusals('proxy_timeout')).toBe(1);
  });

  /** As `makeWorld`, through connections that each begin with their header. */
  async function makeProxiedWorld(): Promise<World> {
    const plain = await TestGateway.start({ databaseUrl: postgres.url(), liveStore: store });
    try {
      return await makeWorld(plain);
    } finally {
      await plain.close();
    }
  }
});

describe('a request that names two hosts, or two keys', () => {
  it.each([
    ['two hosts', 'Host: x\r\n', 'host'],
    ['the same host twice', 'hOST: x\r\n', 'host'],
    ['two keys', 'Authorization: Bearer a\r\nAuthorization: Bearer b\r\n', 'authorization'],
  ])('%s: 400', async (_, headers, name) => {
    await start({});
    for (const path of ['/hls/x/index.m3u8', '/v1/live_streams', '/']) {
      const text = await exchange(await open(), request(path, headers));
      expect(text).toContain('400 Bad Request');
      expect(text).toContain(`more than one ${name} header`);
    }
  });
});

describe('viewers behind a proxy', () => {
  const watch = async (headers: (i: number) => Record<string, string>): Promise<string> => {
    world = await makeWorld(gateway);
    await (await SampleStream.begin(store, world.streamId)).add();
    for (let i = 0; i < 25; i++)
      expect((await fetch(`${gateway.url}/hls/${world.playbackId}/index.m3u8`, { headers: headers(i) })).status).toBe(
        200,
      );
    return gateway.metrics.text();
  };

  it('are told apart by X-Forwarded-For, and so is how long they watch', async () => {
    await start({});
    const text = await watch((i) => ({ 'x-forwarded-for': `192.0.2.${i}` }));
    expect(text).toContain('millrace_playback_viewers{protocol="hls"} 25\n');
    expect(text).toContain(`millrace_tenant_viewer_seconds_total{tenant="${world.tenantId}"} ${25 * 15}\n`);
  });

  it('are told apart by Forwarded where the proxies write that', async () => {
    await start({ MILLRACE_HTTP_FORWARDED_HEADER: 'forwarded' });
    const text = await watch((i) => ({ forwarded: `for="192.0.2.${i}:1234"`, 'x-forwarded-for': '203.0.113.1' }));
    expect(text).toContain('millrace_playback_viewers{protocol="hls"} 25\n');
  });

  it('are one where the peer is not trusted: any client can write a header', async () => {
    await start({ MILLRACE_HTTP_TRUSTED_PROXIES: '10.0.0.0/8' });
    const text = await watch((i) => ({ 'x-forwarded-for': `192.0.2.${i}` }));
    expect(text).toContain('millrace_playback_viewers{protocol="hls"} 1\n');
  });
});
