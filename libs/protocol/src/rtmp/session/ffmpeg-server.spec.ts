// FFmpeg as a server: a client session publishes to it and plays from it, over a real socket.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLIP, tagsOf } from '../testing/ffmpeg.ts';
import type { Tag } from '../testing/ffmpeg.ts';
import { RtmpClientSession } from './client-session.ts';
import type { ClientSessionHandler } from './client-session.ts';
import { clientSessionOptions } from './client-session-options.ts';

let folder = '';
let child: ChildProcess | undefined = undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-rtmp-'));
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** FFmpeg that waits for one client, and its end: the exit code and what it complained about. */
function startFfmpeg(args: readonly string[]): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const started = spawn('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child = started;
  let stderr = '';
  started.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve) => started.on('close', (code) => resolve({ code, stderr })));
}

/** Connects as soon as FFmpeg listens: it does not say when. */
async function connected(port: number): Promise<Socket> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    if (isOpen) return socket;
    await wait(20);
  }
}

/** A session on a socket. `over` says why it ended; the end of the connection is an ordinary end. */
function attach(
  socket: Socket,
  mode: 'publish' | 'play',
  port: number,
  handler: Partial<ClientSessionHandler> & { readonly onReady: () => void },
): { readonly session: RtmpClientSession; readonly over: Promise<string> } {
  let finish: (why: string) => void = () => undefined;
  const over = new Promise<string>((resolve) => (finish = resolve));
  const session = new RtmpClientSession(
    {
      send: (bytes) => void (socket.writable && socket.write(bytes)),
      onStatus: () => undefined,
      onReconnectRequest: () => undefined,
      onAudio: () => undefined,
      onVideo: () => undefined,
      onData: () => undefined,
      onClosed: ({ code, detail }) => finish(`${code}: ${detail}`),
      ...handler,
    },
    clientSessionOptions({
      now: () => performance.now(),
      mode,
      app: 'live',
      tcUrl: `rtmp://127.0.0.1:${port}/live`,
      streamName: 'key',
      digestScheme: 1,
    }),
  );
  socket.on('data', (bytes: Buffer) => session.push(bytes));
  socket.on('error', () => finish('connection reset'));
  socket.on('close', () => finish('connection closed'));
  session.start();
  return { session, over };
}

const isFrame = ({ body }: Tag): boolean => body.readUInt8(1) === 1;
const framesOf = (tags: readonly Tag[], type: number): readonly string[] =>
  tags
    .filter((tag) => tag.type === type && isFrame(tag))
    .map(({ timestamp, body }) => `${timestamp} ${createHash('md5').update(body).digest('hex')}`);

describe('FFmpeg as a server', () => {
  it('gets what a session publishes, byte for byte', async () => {
    const port = await freePort();
    const file = join(folder, 'out.flv');
    const url = `rtmp://127.0.0.1:${port}/live/key`;
    const ended = startFfmpeg(['-listen', '1', '-i', url, '-c', 'copy', '-copyts', '-f', 'flv', file]);
    const tags = await tagsOf(CLIP);
    const socket = await connected(port);
    const { session } = attach(socket, 'publish', port, {
      onReady: () => {
        for (const { type, timestamp, body } of tags) {
          if (type === 9) session.sendVideo(timestamp, body);
          else if (type === 8) session.sendAudio(timestamp, body);
        }
        session.unpublish();
        socket.end();
      },
    });
    const { code, stderr } = await ended;
    // What it says of a client that hangs up.
    expect([code, stderr]).toEqual([0, `${url}: Input/output error\n`]);
    const got = await tagsOf(file);
    for (const type of [8, 9]) expect(framesOf(got, type)).toEqual(framesOf(tags, type));
  });

  it('gives a session what it plays, byte for byte', async () => {
    const port = await freePort();
    const url = `rtmp://127.0.0.1:${port}/live/key`;
    const ended = startFfmpeg(['-t', '10', '-i', CLIP, '-c', 'copy', '-listen', '1', '-f', 'flv', url]);
    const got: Tag[] = [];
    const socket = await connected(port);
    const { over } = attach(socket, 'play', port, {
      onReady: () => undefined,
      onAudio: (timestamp, body) => void got.push({ type: 8, timestamp, body }),
      onVideo: (timestamp, body) => void got.push({ type: 9, timestamp, body }),
    });
    expect(await over).toBe('connection closed');
    await ended;
    const tags = await tagsOf(CLIP);
    for (const type of [8, 9]) {
      const frames = framesOf(got, type);
      expect(frames.length).toBeGreaterThan(290);
      expect(frames).toEqual(framesOf(tags, type).slice(0, frames.length));
    }
  });
});
