// HTTP/2 on both ports of a whole gateway, beside HTTP/1.1, by Node's client and by curl.
import { execFile } from 'node:child_process';
import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { Codec, FrameFlag, FrameKind } from '@millrace/domain';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { createMemoryLiveStore } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import type { CertificateFiles } from '@millrace/service-kit';
import { newCertificate, replaceCertificate } from '@millrace/service-kit/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { SampleStream } from '../testing/sample-stream.ts';
import { makeWorld, publish, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { HttpsListener } from './https-listener.ts';

const run = promisify(execFile);
const LARGE = 4 * 1024 * 1024;

let postgres: TestPostgres;
let certificate: CertificateFiles;
let store: LiveStore;
let frameBus: FrameBus;
let gateway: TestGateway;
const open: { destroy(): unknown }[] = [];

beforeAll(async () => {
  postgres = await TestPostgres.create();
  certificate = await newCertificate();
  store = createMemoryLiveStore();
  frameBus = createMemoryFrameBus();
});
afterEach(async () => {
  for (const each of open.splice(0)) each.destroy();
  await gateway.close();
});
afterAll(async () => {
  await frameBus.close();
  await postgres.remove();
});

const start = async (env: Record<string, string> = {}): Promise<void> => {
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), liveStore: store, frameBus, env });
};

/** Where HTTPS is opened, with this certificate. */
const withHttps = ({ certFile, keyFile }: CertificateFiles): Record<string, string> => ({
  MILLRACE_HTTPS_PORT: '0',
  MILLRACE_HTTPS_CERT_FILE: certFile,
  MILLRACE_HTTPS_KEY_FILE: keyFile,
  MILLRACE_TLS_RELOAD_MS: '50',
});

const httpsUrl = (): string => `https://127.0.0.1:${gateway.app.get(HttpsListener, { strict: false }).port}`;

async function session(url = gateway.url, socket?: Socket): Promise<ClientHttp2Session> {
  const made = connect(url, {
    rejectUnauthorized: false,
    ...(socket && { createConnection: () => socket }),
  });
  open.push(made);
  made.on('error', () => undefined);
  await new Promise((resolve, reject) => made.once('connect', resolve).once('error', reject));
  return made;
}

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

async function get(from: ClientHttp2Session, path: string, headers: Record<string, string> = {}): Promise<Got> {
  return read(from.request({ ':path': path, ...headers }));
}

async function read(stream: ClientHttp2Stream): Promise<Got> {
  const answer = new Promise<IncomingHttpHeaders>((resolve, reject) =>
    stream.once('response', resolve).once('error', reject),
  );
  const pieces: Buffer[] = [];
  stream.on('data', (bytes: Buffer) => pieces.push(bytes));
  const ended = new Promise((resolve, reject) => stream.once('end', resolve).once('error', reject));
  const headers = await answer;
  await ended;
  return { status: Number(headers[':status']), headers, body: Buffer.concat(pieces) };
}

/** A stream with one segment. @returns its paths */
async function sample(segmentBytes?: number): Promise<{ world: World; playlist: string; segment: string }> {
  const world = await makeWorld(gateway);
  const stream = await SampleStream.begin(store, world.streamId, segmentBytes === undefined ? {} : { segmentBytes });
  const name = await stream.add();
  return {
    world,
    playlist: `/hls/${world.playbackId}/index.m3u8`,
    segment: `/hls/${world.playbackId}/${name}`,
  };
}

const refusals = async (reason: string): Promise<number> =>
  Number(
    new RegExp(`http_connections_refused_total\\{reason="${reason}"\\} (\\d+)`).exec(await gateway.metrics.text())?.[1],
  );

describe('HTTP/2 in clear text', () => {
  it('is answered on the port of HTTP/1.1, many requests of one connection at a time', async () => {
    await start();
    const { world, playlist, segment } = await sample();
    const client = await session();
    const answers = await Promise.all([
      ...Array.from({ length: 20 }, () => get(client, segment)),
      get(client, playlist),
      get(client, '/v1/live_streams', { authorization: `Bearer ${world.apiKey}` }),
      get(client, '/v1/live_streams'),
    ]);
    const [api, refused] = answers.splice(-2);
    for (const { status } of answers) expect(status).toBe(200);
    const plain = Buffer.from(await (await fetch(gateway.url + segment)).arrayBuffer());
    expect(answers[0].body).toEqual(plain);
    expect(answers[20]!.body.toString()).toContain('#EXTM3U');
    expect(JSON.parse(String(api!.body))).toMatchObject({ data: [{ id: world.streamId }] });
    expect(refused!.status).toBe(401);
    expect(refused!.headers['content-type']).toContain('application/problem+json');
  });

  it('is spoken by curl, which knows that the server does', async () => {
    await start();
    const { playlist } = await sample();
    const say = '%{http_version} %{http_code}';
    for (const [option, version] of [
      ['--http2-prior-knowledge', '2 200'],
      ['--http1.1', '1.1 200'],
    ] as const) {
      const { stdout } = await run('curl', ['-s', '-o', '/dev/null', '-w', say, option, gateway.url + playlist]);
      expect(stdout).toBe(version);
    }
  });

  it('counts what a response sends as the other version does', async () => {
    await start();
    const { world, segment } = await sample();
    const client = await session();
    const { body } = await get(client, segment);
    const counter = new RegExp(`tenant_egress_bytes_total\\{tenant="${world.tenantId}"\\} (\\d+)`);
    const counted = async (): Promise<number> => Number(counter.exec(await gateway.metrics.text())?.[1]);
    await until('the bytes are counted', async () => (await counted()) >= body.length);
    expect(await counted()).toBe(body.length);
  });

  it('carries FLV while other requests are answered', async () => {
    await start();
    const { world, playlist } = await sample();
    const { epoch } = await publish(gateway, world.streamKey);
    const publisher = frameBus.openPublisher(world.streamId, epoch);
    const frame = (sequence: number, flags: number) =>
      publisher.publish({
        kind: FrameKind.video,
        codec: Codec.h264,
        flags,
        epoch,
        sequence,
        dts90k: sequence * 3_600,
        compositionOffset90k: 0,
        payload: Uint8Array.of(sequence),
      });
    frame(1, FrameFlag.configuration);
    frame(2, FrameFlag.keyframe);
    const client = await session();
    const stream = client.request({ ':path': `/live/${world.playbackId}.flv` });
    let got = Buffer.alloc(0);
    stream.on('data', (bytes: Buffer) => (got = Buffer.concat([got, bytes])));
    await until('FLV has begun', () => got.includes('FLV'));
    expect((await get(client, playlist)).status).toBe(200);
    const before = got.length;
    frame(3, 0);
    await until('the next picture has come', () => got.length > before);
    stream.close();
    await until('its viewer is gone', async () =>
      (await gateway.metrics.text()).includes('playback_viewers{protocol="http-flv"} 0'),
    );
  });

  it('begins after a PROXY header too', async () => {
    await start({ MILLRACE_HTTP_PROXY_PROTOCOL: 'true' });
    const socket = connectTcp(Number(new URL(gateway.url).port), '127.0.0.1');
    socket.write(Buffer.from(`0d0a0d0a000d0a515549540a2111000c${'c0000201'}7f00000130391f90`, 'hex'));
    expect((await get(await session(gateway.url, socket), '/hls/x/index.m3u8')).status).toBe(404);
  });
});

describe('HTTPS with a certificate of its own', () => {
  it('speaks HTTP/2 with clients that offer it, HTTP/1.1 with others, and lets WebSockets in', async () => {
    await start(withHttps(certificate));
    const { world, playlist } = await sample();
    const client = await session(httpsUrl());
    expect(client.alpnProtocol).toBe('h2');
    expect((await get(client, playlist)).body.toString()).toContain('#EXTM3U');
    const status = await new Promise((resolve, reject) => {
      httpsRequest(httpsUrl() + playlist, { rejectUnauthorized: false }, (answer) => {
        answer.resume();
        resolve(`${answer.httpVersion} ${answer.statusCode}`);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe('1.1 200');
    await publish(gateway, world.streamKey);
    const socket = new WebSocket(`${httpsUrl().replace('https', 'wss')}/live/${world.playbackId}.flv`, {
      rejectUnauthorized: false,
    });
    open.push({ destroy: () => socket.terminate() });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  });

  it('shows a certificate that was renewed, without ending a connection', async () => {
    const files = await newCertificate();
    await start(withHttps(files));
    const { playlist } = await sample();
    const client = await session(httpsUrl());
    const shown = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connectTls({ port: Number(new URL(httpsUrl()).port), rejectUnauthorized: false }, () => {
          resolve(socket.getPeerCertificate().fingerprint256);
          socket.destroy();
        });
        socket.on('error', reject);
      });
    const before = await shown();
    await replaceCertificate(files, await newCertificate());
    await until('the new certificate is shown', async () => (await shown()) !== before);
    expect((await get(client, playlist)).status).toBe(200);
  });

  it('has the places of an address, and closes what is no TLS', async () => {
    await start({
      ...withHttps(certificate),
      MILLRACE_HTTP_MAX_CONNECTIONS_PER_ADDRESS: '2',
      MILLRACE_HTTP_TRUSTED_PROXIES: '',
    });
    const connectRaw = (): Socket =>
      connectTcp(Number(new URL(httpsUrl()).port), '127.0.0.1').on('error', () => undefined);
    const strange = connectRaw();
    const ended = new Promise((resolve) => strange.once('close', resolve));
    strange.end('GET / HTTP/1.1\r\n\r\n');
    await ended;
    for (let i = 0; i < 3; i++) open.push(connectRaw());
    await until('the third is refused', async () => (await refusals('too_many_from_address')) === 1);
  });
});

describe('a client of HTTP/2', () => {
  it('that does not read its answer is disconnected from it after a time', async () => {
    await start({ MILLRACE_HTTP_SEND_TIMEOUT_MS: '300' });
    const { segment, playlist } = await sample(LARGE);
    const client = await session();
    const stream = client.request({ ':path': segment });
    stream.on('error', () => undefined);
    stream.pause();
    const closed = new Promise((resolve) => stream.once('close', resolve));
    await until('the unread answer is cut', async () => (await refusals('unread')) === 1);
    stream.resume();
    await closed;
    expect(stream.rstCode).not.toBe(0);
    expect((await get(client, playlist)).status).toBe(200);
  });

  it('whose request does not arrive whole is cut off from it', async () => {
    await start({ MILLRACE_HTTP_REQUEST_TIMEOUT_MS: '300' });
    const client = await session();
    const stream = client.request(
      {
        ':path': '/v1/live_streams',
        ':method': 'POST',
        'content-type': 'application/json',
        authorization: `Bearer ${gateway.operatorKey}`,
      },
      { endStream: false },
    );
    stream.on('error', () => undefined);
    stream.write('{"name":');
    await new Promise((resolve) => stream.once('close', resolve));
    expect(stream.rstCode).not.toBe(0);
  });

  it('has bounded headers and a bounded number of requests at once', async () => {
    await start({ MILLRACE_HTTP2_MAX_STREAMS: '3', MILLRACE_HTTP_MAX_HEADER_BYTES: '2048' });
    const client = await session();
    await until('the limits are known', () => client.remoteSettings.maxConcurrentStreams === 3);
    expect(client.remoteSettings.maxHeaderListSize).toBe(2_048);
    const refused = client.request({ ':path': '/', 'x-long': 'x'.repeat(4_000) });
    const code = new Promise((resolve) => refused.once('close', () => resolve(refused.rstCode)));
    refused.on('error', () => undefined);
    expect(await code).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  });

  it('is told when the gateway leaves, and gets the answer to what it has asked', async () => {
    await start({ MILLRACE_HTTP_SEND_TIMEOUT_MS: '30000' });
    const { segment } = await sample(LARGE);
    const client = await session();
    const stream = client.request({ ':path': segment });
    stream.pause();
    await new Promise((resolve) => stream.once('response', resolve));
    const told = new Promise((resolve) => client.once('goaway', resolve));
    const closed = gateway.close();
    await told;
    let bytes = 0;
    stream.on('data', (piece: Buffer) => (bytes += piece.length));
    stream.resume();
    await new Promise((resolve) => stream.once('end', resolve));
    expect(bytes).toBe(LARGE);
    await closed;
    await start();
  });
});

it('a connection that says nothing is told so and closed', async () => {
  await start({ MILLRACE_HTTP_REQUEST_TIMEOUT_MS: '300' });
  const socket = connectTcp(Number(new URL(gateway.url).port), '127.0.0.1');
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
  await new Promise((resolve) => socket.once('close', resolve));
  expect(text).toContain('408 Request Timeout');
});
