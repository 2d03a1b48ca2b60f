// FFmpeg as the outside judge: it publishes to a session and plays from one, over a real socket.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { RtmpServerSession } from './server-session.ts';
import type { PublishRequest, ServerSessionHandler } from './server-session-handler.ts';
import { serverSessionOptions } from './server-session-options.ts';

const CLIP = new URL('../../../../../media/bbb-h264-aac.flv', import.meta.url).pathname;

interface Tag {
  readonly type: number;
  readonly timestamp: number;
  readonly body: Buffer;
}

/** The tags of an FLV file, read without the code under test (FLV 10.1 section E.4.1). */
async function tagsOf(path: string): Promise<readonly Tag[]> {
  const file = await readFile(path);
  const tags: Tag[] = [];
  for (let at = 9 + 4; at + 11 < file.length;) {
    const size = file.readUIntBE(at + 1, 3);
    const timestamp = file.readUIntBE(at + 4, 3) + file.readUInt8(at + 7) * 2 ** 24;
    tags.push({ type: file.readUInt8(at), timestamp, body: file.subarray(at + 11, at + 11 + size) });
    at += 11 + size + 4;
  }
  return tags;
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}

/** Runs FFmpeg to its end. */
async function ffmpeg(
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-nostdin', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout, stderr };
}

let server: Server | undefined = undefined;
afterEach(() => server?.close());

/** Listens on a free port with a session per connection, and returns its address. */
async function listen(
  handlerFor: (session: () => RtmpServerSession, socket: Socket) => ServerSessionHandler,
): Promise<string> {
  const listening = createServer((socket) => {
    const session: RtmpServerSession = new RtmpServerSession(
      handlerFor(() => session, socket),
      serverSessionOptions(() => performance.now()),
    );
    socket.on('data', (bytes: Buffer) => session.push(bytes));
    socket.on('close', () => session.end());
    // FFmpeg hangs up without waiting for what is still on its way to it.
    socket.on('error', () => session.end());
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return `rtmp://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

function silentHandler(socket: Socket): ServerSessionHandler {
  return {
    send: (bytes) => void (socket.writable && socket.write(bytes)),
    onConnect: () => undefined,
    onPublishRequest: () => undefined,
    onPlayRequest: () => undefined,
    onAudio: () => undefined,
    onVideo: () => undefined,
    onData: () => undefined,
    onStopped: () => undefined,
    onClosed: () => void socket.end(),
  };
}

describe('with FFmpeg', () => {
  it('every audio and video message that it publishes arrives, byte for byte', async () => {
    const received: Tag[] = [];
    const names: string[] = [];
    const requests: PublishRequest[] = [];
    const address = await listen((session, socket) => ({
      ...silentHandler(socket),
      onPublishRequest: (request) => {
        requests.push(request);
        session().acceptPublish(request);
      },
      onAudio: (timestamp, body) => void received.push({ type: 8, timestamp, body }),
      onVideo: (timestamp, body) => void received.push({ type: 9, timestamp, body }),
      onData: (_timestamp, data) => void names.push(data.name),
    }));
    const { code, stderr } = await ffmpeg('-i', CLIP, '-c', 'copy', '-f', 'flv', `${address}/live/key?a=1`);
    // It tries to go back and correct the header, as of a file, and says so.
    expect([code, stderr.replaceAll(/^.*Failed to update header.*\n/gm, '')]).toEqual([0, '']);
    expect(requests.map(({ streamName, connect }) => [connect.app, streamName])).toEqual([['live', 'key?a=1']]);
    expect(names).toEqual(['onMetaData']);
    // FFmpeg muxes anew, so its tags are compared with those it writes into a file: the same body at the same time.
    const source = (await tagsOf(CLIP)).filter(({ type }) => type !== 18);
    for (const type of [8, 9]) {
      // Codec configuration and the end of sequence are its own.
      const isFrame = ({ body }: Tag): boolean => body.readUInt8(1) === 1;
      const sent = source.filter((tag) => tag.type === type && isFrame(tag));
      const got = received.filter((tag) => tag.type === type && isFrame(tag));
      expect(got).toHaveLength(sent.length);
      got.forEach((tag, i) => expect(tag.body.equals(sent[i]!.body)).toBe(true));
      expect(got.map(({ timestamp }) => timestamp)).toEqual(sent.map(({ timestamp }) => timestamp));
    }
  });

  it('it understands what a session sends when it plays, digest included', async () => {
    const tags = (await tagsOf(CLIP)).filter(({ timestamp }) => timestamp < 4000);
    const address = await listen((session, socket) => ({
      ...silentHandler(socket),
      onPlayRequest: (request) => {
        const player = session().acceptPlay(request);
        for (const { type, timestamp, body } of tags) {
          if (type === 9) player?.sendVideo(timestamp, body);
          else if (type === 8) player?.sendAudio(timestamp, body);
          else player?.sendData(timestamp, body);
        }
        player?.sendStreamEvent('streamEof');
        session().sendStatus({ level: 'status', code: 'NetStream.Play.Stop', description: 'over' });
        socket.end();
      },
    }));
    const { code, stdout, stderr } = await ffmpeg('-i', `${address}/live/key`, '-c', 'copy', '-f', 'framemd5', '-');
    expect([code, stderr]).toEqual([0, '']);
    // One line per packet: stream, DTS, PTS, duration, size, hash of what is in the tag behind its header.
    const lines = stdout.split('\n').filter((line) => /^[01],/.test(line));
    const hashes = lines.map((line) => line.split(/,\s*/)[5] ?? '').sort();
    const frames = tags.filter(({ type, body }) => type !== 18 && body.readUInt8(1) === 1);
    const expected = frames.map(({ type, body }) => md5(body.subarray(type === 9 ? 5 : 2))).sort();
    expect(hashes).toEqual(expected);
  });

  it('it shows why it was refused', async () => {
    const address = await listen((session, socket) => ({
      ...silentHandler(socket),
      onPublishRequest: (request) => void session().refuse(request, 'NetStream.Publish.BadName', 'key revoked'),
    }));
    const { code, stderr } = await ffmpeg('-i', CLIP, '-c', 'copy', '-f', 'flv', `${address}/live/key`);
    expect(code).not.toBe(0);
    expect(stderr).toContain('key revoked');
  });
});
