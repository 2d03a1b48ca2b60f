// FFmpeg as the outside judge: it publishes to a session and plays from one, over a real socket.
import { createHash } from 'node:crypto';
import type { Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { CLIP, ffmpeg, tagsOf } from '../testing/ffmpeg.ts';
import type { Tag } from '../testing/ffmpeg.ts';
import { listenWithSessions, silentHandler } from '../testing/session-server.ts';
import type { HandlerFor } from '../testing/session-server.ts';
import type { PublishRequest } from './server-session-handler.ts';

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}

let server: Server | undefined = undefined;
afterEach(() => server?.close());

async function listen(handlerFor: HandlerFor): Promise<string> {
  const listening = await listenWithSessions(handlerFor);
  server = listening.server;
  return listening.address;
}

/**
 * FFmpeg hangs up without reading the last answers, so its kernel resets the connection and ours drops what the session has not read
 * yet. As fast as it can, that is seconds of the clip; at a pace, as encoders publish, it is nothing.
 */
const AT_A_PACE = ['-readrate', '8'];

const isFrame = ({ body }: Tag): boolean => body.readUInt8(1) === 1;

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
    const { code, stderr } = await ffmpeg(
      ...AT_A_PACE,
      '-i',
      CLIP,
      '-c',
      'copy',
      '-f',
      'flv',
      `${address}/live/key?a=1`,
    );
    // It tries to go back and correct the header, as of a file, and says so.
    expect([code, stderr.replaceAll(/^.*Failed to update header.*\n/gm, '')]).toEqual([0, '']);
    expect(requests.map(({ streamName, connect }) => [connect.app, streamName])).toEqual([['live', 'key?a=1']]);
    expect(names).toEqual(['onMetaData']);
    // FFmpeg muxes anew, so its tags are compared with those it writes into a file: the same body at the same time.
    const source = (await tagsOf(CLIP)).filter(({ type }) => type !== 18);
    for (const type of [8, 9]) {
      // Codec configuration and the end of sequence are its own.
      const sent = source.filter((tag) => tag.type === type && isFrame(tag));
      const got = received.filter((tag) => tag.type === type && isFrame(tag));
      expect(got).toHaveLength(sent.length);
      got.forEach((tag, i) => expect(tag.body.equals(sent[i]!.body)).toBe(true));
      expect(got.map(({ timestamp }) => timestamp)).toEqual(sent.map(({ timestamp }) => timestamp));
    }
  });

  it('what it publishes across 4 h 39 min, where timestamps become extended, arrives byte for byte', async () => {
    const received: Tag[] = [];
    const address = await listen((session, socket) => ({
      ...silentHandler(socket),
      onPublishRequest: (request) => void session().acceptPublish(request),
      onAudio: (timestamp, body) => void received.push({ type: 8, timestamp, body }),
      onVideo: (timestamp, body) => void received.push({ type: 9, timestamp, body }),
    }));
    const { code } = await ffmpeg(
      ...AT_A_PACE,
      '-i',
      CLIP,
      '-c',
      'copy',
      '-output_ts_offset',
      '16765',
      '-f',
      'flv',
      `${address}/live/key`,
    );
    expect(code).toBe(0);
    const source = (await tagsOf(CLIP)).filter(({ type }) => type !== 18);
    for (const type of [8, 9]) {
      const sent = source.filter((tag) => tag.type === type && isFrame(tag));
      const got = received.filter((tag) => tag.type === type && isFrame(tag));
      expect(got.map(({ body }) => md5(body))).toEqual(sent.map(({ body }) => md5(body)));
      const shift = got[0]!.timestamp - sent[0]!.timestamp;
      expect(got.map(({ timestamp }) => timestamp - shift)).toEqual(sent.map(({ timestamp }) => timestamp));
      expect(got[0]!.timestamp).toBeLessThan(0xffffff);
      expect(got.at(-1)!.timestamp).toBeGreaterThan(0xffffff);
    }
  });

  it.each([
    ['', 0],
    [', also where timestamps become extended', 0xffffff - 2000],
  ])('it understands what a session sends when it plays, digest included%s', async (_where, shift) => {
    const tags = (await tagsOf(CLIP)).filter(({ timestamp }) => timestamp < 4000);
    const address = await listen((session, socket) => ({
      ...silentHandler(socket),
      onPlayRequest: (request) => {
        const player = session().acceptPlay(request);
        for (const { type, timestamp, body } of tags) {
          if (type === 9) player?.sendVideo(timestamp + shift, body);
          else if (type === 8) player?.sendAudio(timestamp + shift, body);
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
    const times = lines.filter((line) => line.startsWith('0,')).map((line) => Number(line.split(/,\s*/)[1]));
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(3900);
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
