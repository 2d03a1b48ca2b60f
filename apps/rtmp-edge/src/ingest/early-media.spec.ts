// Encoders and relays that do not wait for the answer to their publish: what they send at once is kept, and taken once granted.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FrameFlag, FrameKind } from '@millrace/domain';
import type { FrameRecorder } from '@millrace/frame-bus/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeCommand } from '@millrace/protocol/rtmp';
import { RawClient } from '../testing/raw-client.ts';
import {
  aacMessage,
  audioConfig,
  CLIP,
  interframe,
  keyframe,
  videoConfig,
  videoMessage,
} from '../testing/sample-media.ts';
import { TestEdge } from '../testing/test-edge.ts';

const [AUDIO, VIDEO, COMMAND] = [8, 9, 20];

/** A message in one chunk, as after Set Chunk Size (RTMP 1.0 section 5.3.1). */
function message(type: number, messageStreamId: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(12);
  header[0] = 3;
  header.writeUIntBE(payload.length, 4, 3);
  header[7] = type;
  header.writeUInt32LE(messageStreamId, 8);
  return Buffer.concat([header, payload]);
}

/** Everything up to the publish and behind it, as one write has it. */
function hasty(key: string, ...media: Buffer[]): Buffer[] {
  const chunkSize = Buffer.from('020000000000040100000000 00100000'.replaceAll(' ', ''), 'hex');
  const command = (messageStreamId: number, name: string, transactionId: number, ...args: (string | object)[]) => {
    const [object, ...rest] = name === 'connect' ? args : [null, ...args];
    return message(COMMAND, messageStreamId, encodeCommand({ name, transactionId, object, args: rest } as never));
  };
  return [
    chunkSize,
    command(0, 'connect', 1, { app: 'live', tcUrl: 'rtmp://127.0.0.1/live' }),
    command(0, 'createStream', 2),
    command(1, 'publish', 3, key, 'live'),
    ...media,
  ];
}

const kindsOf = (recorder: FrameRecorder) =>
  recorder.frames.map(({ kind, flags }) => [kind, flags & (FrameFlag.configuration | FrameFlag.keyframe)]);

describe('media that comes in one write with the publish', () => {
  let edge: TestEdge;
  afterEach(() => edge.stop());

  it('is taken once it is granted, headers and all, however large', async () => {
    edge = await TestEdge.start();
    const stream = edge.control.newStream();
    const recorder = await edge.record(stream.streamId);
    let decide: () => void = () => undefined;
    edge.control.gate = () => new Promise((resolve) => (decide = resolve));
    const filler = Buffer.alloc(150_000, 7);
    filler.writeUInt32BE(filler.length - 4);
    filler[4] = 0x0c;
    const large = videoMessage(Buffer.concat([keyframe(1).subarray(5), filler]), 1);
    const media = [
      message(VIDEO, 1, videoConfig()),
      message(AUDIO, 1, audioConfig()),
      message(VIDEO, 1, large),
      message(AUDIO, 1, aacMessage(1)),
      message(VIDEO, 1, interframe(2)),
    ];
    const client = new RawClient(edge).handshake();
    client.send(...hasty(stream.key, ...media));
    await expect.poll(() => edge.control.requests.length).toBe(1);
    expect(recorder.frames).toEqual([]);
    decide();
    await recorder.untilCount(5);
    expect(kindsOf(recorder)).toEqual([
      [FrameKind.video, FrameFlag.configuration],
      [FrameKind.audio, FrameFlag.configuration],
      [FrameKind.video, FrameFlag.keyframe],
      [FrameKind.audio, 0],
      [FrameKind.video, 0],
    ]);
    client.socket.destroy();
  });

  it('is bounded, and costs its sender alone', async () => {
    edge = await TestEdge.start({ settings: { earlyBytes: 10_000, closeMs: 100 } });
    const stream = edge.control.newStream();
    edge.control.gate = () => new Promise(() => undefined);
    const flood = Array.from({ length: 200 }, () => message(AUDIO, 1, Buffer.alloc(100, 0xaf)));
    const client = new RawClient(edge).handshake().send(...hasty(stream.key, ...flood));
    await client.untilClosed();
    await expect.poll(() => edge.metric('ingest_disconnects_total', '{reason="early_bytes"}')).toBe(1);
    expect(await edge.metric('ingest_early_bytes')).toBe(0);
  });

  it('has a total: beyond it others wait unread, and none is refused', async () => {
    edge = await TestEdge.start({ settings: { earlyTotalBytes: 10_000, setupMs: 300, handshakeMs: 300 } });
    const [first, second] = [edge.control.newStream(), edge.control.newStream()];
    const recorder = await edge.record(second.streamId);
    const headers = [message(VIDEO, 1, videoConfig()), message(AUDIO, 1, audioConfig())];
    const media = [
      ...headers,
      message(VIDEO, 1, keyframe(1)),
      message(AUDIO, 1, aacMessage(1)),
      message(VIDEO, 1, interframe(2)),
    ];
    let decide: () => void = () => undefined;
    edge.control.gate = () => new Promise((resolve) => (decide = resolve));
    const flood = Array.from({ length: 200 }, () => message(AUDIO, 1, Buffer.alloc(100, 0xaf)));
    const early = new RawClient(edge).handshake().send(...hasty(first.key, ...flood));
    await expect.poll(() => edge.metric('ingest_early_bytes')).toBeGreaterThan(10_000);
    const connectedAt = performance.now();
    const late = new RawClient(edge).handshake().send(...hasty(second.key, ...media));
    await expect.poll(() => edge.metric('ingest_early_waiting_connections')).toBe(1);
    // Longer than it may take to publish where it is read.
    await expect.poll(() => performance.now() - connectedAt).toBeGreaterThan(450);
    expect(edge.control.requests).toHaveLength(1);
    expect(late.isClosed).toBe(false);
    edge.control.gate = () => Promise.resolve();
    decide();
    await recorder.untilCount(5);
    await expect.poll(() => edge.metric('ingest_early_bytes')).toBe(0);
    expect(await edge.metric('ingest_early_waiting_connections')).toBe(0);
    for (const { socket } of [early, late]) socket.destroy();
  });

  it('is thrown away where the publish is refused', async () => {
    edge = await TestEdge.start({ settings: { closeMs: 100 } });
    edge.control.refusal = 'quota';
    const { key } = edge.control.newStream();
    const client = new RawClient(edge).handshake().send(...hasty(key, message(VIDEO, 1, videoConfig())));
    await client.untilClosed();
    expect(client.received.includes('NetStream.Publish.Rejected')).toBe(true);
    expect(await edge.metric('ingest_early_bytes')).toBe(0);
  });
});

/** A port that was free just now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

describe('nginx with its RTMP module, which pushes on what it is sent', () => {
  const PUSHES = 8;
  const children: ChildProcess[] = [];
  let edge: TestEdge;
  let folder: string;
  afterEach(async () => {
    for (const child of children.splice(0)) if (child.exitCode === null && child.kill()) await once(child, 'exit');
    rmSync(folder, { recursive: true, force: true });
    await edge.stop();
  });

  const run = (command: string, ...args: string[]): ChildProcess => {
    const child = spawn(command, args, { stdio: 'ignore' });
    children.push(child);
    return child;
  };

  it('loses no header in any of its pushes', { timeout: 60_000 }, async () => {
    edge = await TestEdge.start();
    folder = mkdtempSync(join(tmpdir(), 'millrace-nginx-'));
    const port = await freePort();
    const streams = Array.from({ length: PUSHES }, () => edge.control.newStream());
    const recorders = await Promise.all(streams.map(({ streamId }) => edge.record(streamId)));
    const applications = streams.map(
      ({ key }, i) => `application a${i} { live on; push rtmp://127.0.0.1:${edge.ports.rtmp}/live/${key}; }`,
    );
    const configuration = join(folder, 'nginx.conf');
    writeFileSync(
      configuration,
      `load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
       daemon off; pid ${folder}/pid; error_log ${folder}/error.log; worker_processes 1;
       events { worker_connections 256; }
       rtmp { server { listen 127.0.0.1:${port}; ${applications.join('\n')} } }`,
    );
    run('nginx', '-p', folder, '-e', join(folder, 'error.log'), '-c', configuration);
    const input = ['-v', 'quiet', '-nostdin', '-re', '-t', '4', '-i', CLIP, '-c', 'copy', '-f', 'flv'];
    for (let i = 0; i < PUSHES; i++) {
      const publish = (): void => {
        // Until nginx listens.
        run('ffmpeg', ...input, `rtmp://127.0.0.1:${port}/a${i}/x`).on('exit', (code) => {
          if (code === 1 && recorders[i]!.frames.length === 0) setTimeout(publish, 100);
        });
      };
      publish();
    }
    const hasBoth = (recorder: FrameRecorder): boolean =>
      [FrameKind.video, FrameKind.audio].every((kind) =>
        recorder.frames.some((frame) => frame.kind === kind && (frame.flags & FrameFlag.configuration) === 0),
      );
    await expect.poll(() => recorders.filter(hasBoth).length, { timeout: 30_000 }).toBe(PUSHES);
  });
});
