// What comes in from the open Internet on the RTMP port, beside a good publisher that must not notice any of it.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareLooped, framesOf } from './support/frame-ledger.ts';
import { HlsRecorder } from './support/hls-recorder.ts';
import { amf0 } from './support/raw-amf.ts';
import { publishTags } from './support/raw-publisher.ts';
import { RawRtmpClient } from './support/raw-rtmp-client.ts';
import { sourceFrames, sourceTags } from './support/source.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';
import { TenantApi } from './support/tenant-api.ts';
import type { TestStream } from './support/tenant-api.ts';

const MIB = 2 ** 20;
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const style = { csid: 6, headers: 'compressed' } as const;

let server: Standalone;
let stream: TestStream;
beforeAll(async () => {
  server = await startStandalone({
    env: {
      MILLRACE_RTMP_MAX_CONNECTIONS_PER_ADDRESS: '2000',
      MILLRACE_RTMP_HANDSHAKE_MS: '2000',
      MILLRACE_RTMP_SETUP_MS: '4000',
    },
  });
  stream = await TenantApi.of(server.quickstart).createStream('hostile', { playlist_window_seconds: 60 });
});
afterAll(() => server?.stop());

const residentBytes = (): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${server.process.pid}/status`, 'latin1'))?.[1]) * 1024;

/** Sends bytes and waits for the server to close. @returns all that it answered */
async function sendAndWaitForClose(bytes: Buffer, timeoutMs = 12_000): Promise<Buffer> {
  const socket: Socket = connect({ host: '127.0.0.1', port: server.ports.rtmp });
  const answers: Buffer[] = [];
  socket.on('data', (data: Buffer) => answers.push(data));
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  socket.write(bytes);
  const closed = once(socket, 'close');
  const timer = setTimeout(() => socket.destroy(new Error('still open')), timeoutMs);
  let open = false;
  socket.once('error', (error) => (open = error.message === 'still open'));
  await closed;
  clearTimeout(timer);
  if (open) throw new Error('the server has not closed the connection');
  return Buffer.concat(answers);
}

/** Handshakes, sends bytes after it and waits for the server to close. */
async function afterHandshake(bytes: Buffer): Promise<RawRtmpClient> {
  const client = await RawRtmpClient.open(server.ports.rtmp);
  await client.write(bytes);
  await client.until('the server closes', () => client.closed);
  return client;
}

async function afterPublish(act: (client: RawRtmpClient) => Promise<void>): Promise<RawRtmpClient> {
  const other = await TenantApi.of(server.quickstart).createStream('hostile publisher', {
    reconnect_window_seconds: 0,
  });
  const client = await RawRtmpClient.publish(server.ports.rtmp, 'live', other.key);
  await act(client);
  return client;
}

const avcHeader = sourceTags().find((tag) => tag.type === 9)!.body;

const beforePublish: Record<string, () => Promise<unknown>> = {
  'HTTP on the RTMP port': () => sendAndWaitForClose(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')),
  'a TLS hello on the RTMP port': () =>
    sendAndWaitForClose(Buffer.concat([hex('16030100c8010000c4'), randomBytes(200)])),
  'an SSH banner': () => sendAndWaitForClose(Buffer.from('SSH-2.0-OpenSSH_9.9\r\n')),
  'half a handshake, then silence': () => sendAndWaitForClose(Buffer.concat([Buffer.from([3]), Buffer.alloc(1535)])),
  'a handshake, then silence': () => afterHandshake(Buffer.alloc(0)),
  'noise after the handshake': () => afterHandshake(randomBytes(64 * 1024)),
  'fmt 3 on a chunk stream that was never opened': () => afterHandshake(hex('c5ff')),
  'fmt 2 on a chunk stream that was never opened': () => afterHandshake(hex('85000000')),
  'Set Chunk Size 0': () => afterHandshake(hex('02000000000004010000000000000000')),
  'Set Chunk Size with the high bit': () => afterHandshake(hex('02000000000004010000000080000080')),
  'promises of 16 MB on every chunk stream': () =>
    afterHandshake(
      Buffer.concat(
        Array.from({ length: 400 }, (_, i) =>
          Buffer.concat([Buffer.from([0, i & 255]), hex('000000ffffff0901000000'), Buffer.alloc(128)]),
        ),
      ),
    ),
  'AMF0 nested 200,000 deep': () =>
    afterHandshake(message(20, Buffer.concat([amf0('connect', 1), deepArrays(200_000)]))),
  'an AMF0 array that says it has four billion entries': () =>
    afterHandshake(message(20, Buffer.concat([amf0('connect', 1), hex('0affffffff')]))),
  'more than 64 KiB before publish': () =>
    afterHandshake(
      Buffer.concat([
        message(20, amf0('connect', 1, { app: 'live' })),
        ...Array.from({ length: 200 }, () => message(18, Buffer.alloc(1000, 2))),
      ]),
    ),
};

/** One message in one chunk of up to 128 bytes each, fmt 0 on chunk stream 3. */
function message(type: number, body: Buffer): Buffer {
  const header = Buffer.alloc(12);
  header[0] = 3;
  header.writeUIntBE(body.length, 4, 3);
  header[7] = type;
  const parts: Buffer[] = [header];
  for (let at = 0; at < body.length || at === 0; at += 128)
    parts.push(...(at > 0 ? [hex('c3')] : []), body.subarray(at, at + 128));
  return Buffer.concat(parts);
}

const deepArrays = (depth: number): Buffer => Buffer.concat(Array.from({ length: depth }, () => hex('0a00000001')));

const whilePublishing: Record<string, (client: RawRtmpClient) => Promise<void>> = {
  'empty video and audio messages': async (client) => {
    for (let i = 0; i < 100; i++)
      await client.send({ type: 8 + (i & 1), streamId: 1, timestamp: i, body: Buffer.alloc(0) }, style);
  },
  'coded frames before any configuration': (client) =>
    client.send({ type: 9, streamId: 1, timestamp: 0, body: hex('270100000000000005650102030405') }, style),
  'a configuration with a wrong version': (client) =>
    client.send({ type: 9, streamId: 1, timestamp: 0, body: hex('1700000000ff640028ffe1') }, style),
  'an SPS that ends early': (client) =>
    client.send({ type: 9, streamId: 1, timestamp: 0, body: Buffer.concat([avcHeader.subarray(0, 16)]) }, style),
  'a NAL unit longer than its message': async (client) => {
    await client.send({ type: 9, streamId: 1, timestamp: 0, body: avcHeader }, style);
    await client.send({ type: 9, streamId: 1, timestamp: 0, body: hex('1701000000ffffffff65') }, style);
  },
  'ten thousand NAL units in one frame': async (client) => {
    await client.send({ type: 9, streamId: 1, timestamp: 0, body: avcHeader }, style);
    await client.send(
      {
        type: 9,
        streamId: 1,
        timestamp: 0,
        body: Buffer.concat([hex('1701000000'), ...Array.from({ length: 10_000 }, () => hex('0000000165'))]),
      },
      style,
    );
  },
  'an aggregate whose parts are longer than it': (client) =>
    client.send({ type: 22, streamId: 1, timestamp: 0, body: hex('09ffffff0000000000000017') }, style),
  'metadata of half a megabyte': async (client) => {
    await client.setChunkSize(65_536);
    await client.send(
      {
        type: 18,
        streamId: 1,
        timestamp: 0,
        body: amf0('@setDataFrame', 'onMetaData', { '#EXT-X-ENDLIST\n': 'x'.repeat(60_000) }),
      },
      style,
    );
    for (let i = 0; i < 10; i++)
      await client.send(
        { type: 18, streamId: 1, timestamp: 0, body: amf0('onMetaData', { a: 'x'.repeat(50_000) }) },
        style,
      );
  },
  'a chunk cut off in the middle, and a reset': async (client) => {
    await client.write(hex('06000000001000090100000027'));
    client.socket.resetAndDestroy();
  },
  'timestamps that jump about': async (client) => {
    for (const timestamp of [0, 2 ** 31, 5, 2 ** 32 - 1, 0, 0xffffff])
      await client.send({ type: 9, streamId: 1, timestamp, body: avcHeader }, { csid: 6, headers: 'full' });
  },
};

describe('a good publisher loses no frame, the server stays up and its memory bounded, beside', () => {
  it('the whole catalogue', async () => {
    const pid = server.process.pid;
    const recorder = new HlsRecorder(stream.playlistUrl).start();
    const good = await RawRtmpClient.publish(server.ports.rtmp, 'live', stream.key);
    await good.setChunkSize(4096);
    const publishing = publishTags(good, sourceTags(), {
      video: style,
      audio: { csid: 4, headers: 'compressed' },
      speed: 1,
    });
    const before = residentBytes();

    for (const [name, attack] of Object.entries(beforePublish))
      await attack().catch((error: Error) => expect.fail(`${name}: ${error.message}`));
    for (const [name, act] of Object.entries(whilePublishing)) {
      const client = await afterPublish(act).catch((error: Error) => expect.fail(`${name}: ${error.message}`));
      client.destroy();
    }
    await Promise.all(Array.from({ length: 300 }, () => sendAndWaitForClose(randomBytes(4_000))));

    await publishing;
    await good.command('deleteStream', 9, null, 1);
    await good.end();
    await recorder.until('the list is closed', ({ last }) => last?.ended === true);
    await recorder.stop();
    expect(recorder.faults).toEqual([]);
    const arrived = framesOf(recorder.ordered);
    const sent = sourceFrames();
    const clean = { missing: 0, repeated: 0, unknown: 0, details: [] };
    expect(compareLooped(sent.video, arrived.video)).toEqual(clean);
    expect(compareLooped(sent.audio, arrived.audio)).toEqual(clean);
    expect(arrived.video).toHaveLength(sent.video.length);
    expect(server.process.pid).toBe(pid);
    // The good stream's own window is a few MiB; the attacks promised gigabytes.
    expect(residentBytes() - before).toBeLessThan(96 * MIB);
  });
});

describe('who is refused hears why', () => {
  const refused = async (app: string, name: string): Promise<string> => {
    const error: unknown = await RawRtmpClient.publish(server.ports.rtmp, app, name).then(
      () => expect.fail('it was accepted'),
      (reason: unknown) => reason,
    );
    return (error as Error).message;
  };

  it.each([
    ['a key with a typing error', 'live', 'mr_st_000000000000000000000000000000000000', 'bad key'],
    ['no key at all', 'live', '', 'bad key'],
    ['a line break and a playlist tag', 'live', 'a\n#EXT-X-ENDLIST', 'bad key'],
    ['subject wildcards', 'live', '>.*', 'bad key'],
    ['a path that climbs', '../../live', '%2e%2e%2fetc', 'bad key'],
    ['64 KB of name', 'live', 'x'.repeat(60_000), ''],
  ])('%s', async (_, app, name, words) => {
    expect(await refused(app, name)).toContain(words);
  });

  it('a second publisher, a revoked key, an unsupported codec', async () => {
    const api = TenantApi.of(server.quickstart);
    const mine = await api.createStream('refusals');
    const first = await RawRtmpClient.publish(server.ports.rtmp, 'live', mine.key);
    expect(await refused('live', mine.key)).toContain('already publishing');

    await api.ok('DELETE', `/v1/live_streams/${mine.id}/stream_keys/${mine.keyId}`);
    const revokedAt = performance.now();
    await first.until('the publisher is cut', () => first.closed);
    // Promised is one second; a busy machine is given some more.
    expect(performance.now() - revokedAt).toBeLessThan(4_000);
    expect(first.statuses.map((status) => status.description).join()).toContain('key revoked');
    expect(await refused('live', mine.key)).toContain('key revoked');

    const other = await api.createStream('codec');
    const h263 = await RawRtmpClient.publish(server.ports.rtmp, 'live', other.key);
    await h263.send({ type: 9, streamId: 1, timestamp: 0, body: hex('120000841f') }, style);
    await h263.until('the publisher is cut', () => h263.closed);
    expect(h263.statuses.map((status) => status.description).join()).toContain('unsupported codec');
  });
});

describe('every form of address that a newcomer types', () => {
  it.each([
    ['key as stream name', 'live', (key: string) => key],
    ['key in the app', (key: string) => `live/${key}`, ''],
    ['trailing slash', 'live/', (key: string) => `${key}/`],
    ['?key= behind a name', 'live', (key: string) => `mystream?key=${key}`],
    ['percent-encoded', 'live', (key: string) => key.replaceAll('_', '%5F')],
    ["OBS's query behind the key", 'live', (key: string) => `${key}?bandwidthtest=false`],
  ] as const)('%s', async (_, app, name) => {
    const mine = await TenantApi.of(server.quickstart).createStream('address', { reconnect_window_seconds: 0 });
    const say = (form: string | ((key: string) => string)): string =>
      typeof form === 'string' ? form : form(mine.key);
    const client = await RawRtmpClient.publish(server.ports.rtmp, say(app), say(name));
    expect(client.statuses[0]?.code).toBe('NetStream.Publish.Start');
    client.destroy();
  });
});

it('every log line of all this is JSON by itself, without a key and without control characters', () => {
  const { lines } = server.logs;
  const logged = lines.slice(lines.findLastIndex((line) => line.startsWith('──')) + 1);
  expect(logged.length).toBeGreaterThan(30);
  for (const line of logged) {
    expect(() => JSON.parse(line) as unknown, line).not.toThrow();
    expect(line).not.toMatch(/[\p{Cc}]/u);
    expect(line).not.toMatch(/mr_(st|sk|op)_[0-9A-Za-z]{36}/);
    expect(line.length).toBeLessThan(4_096);
  }
});
