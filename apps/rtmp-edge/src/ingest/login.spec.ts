// User and password (authmod=adobe): with ffmpeg, whose own RTMP speaks it, and with what a client should not do.
import { spawn } from 'node:child_process';
import { FrameKind } from '@millrace/domain';
import { adobeDigest } from '@millrace/protocol/rtmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLIP } from '../testing/sample-media.ts';
import { TestClient } from '../testing/test-client.ts';
import type { TestStream } from '@millrace/ingest/testing';
import { TestEdge } from '../testing/test-edge.ts';

async function ffmpeg(url: string): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const args = [
    '-hide_banner',
    '-loglevel',
    'error',
    '-nostdin',
    '-i',
    CLIP,
    '-t',
    '1',
    '-c',
    'copy',
    '-f',
    'flv',
    url,
  ];
  const child = spawn('ffmpeg', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stderr };
}

describe('an encoder with user and password', () => {
  let edge: TestEdge;
  let stream: TestStream;
  beforeEach(async () => {
    edge = await TestEdge.start();
    stream = edge.control.newStream();
  });
  afterEach(() => edge.stop());

  const connect = (app: string, streamName = 'camera') => new TestClient({ port: edge.ports.rtmp, app, streamName });
  const descriptionOf = async (app: string) => (await connect(app).untilClosed()).end ?? '';
  const challengeOf = async (user: string) => {
    const fields = new URLSearchParams((await descriptionOf(`live?authmod=adobe&user=${user}`)).split('?')[1]);
    return { salt: fields.get('salt') ?? '', opaque: fields.get('opaque') ?? '' };
  };
  const answer = async (user: string, password: string) => {
    const challenge = await challengeOf(user);
    const digest = adobeDigest({ user, password, ...challenge, clientChallenge: '0a1b' }).toString('base64');
    return `live?authmod=adobe&user=${user}&challenge=0a1b&response=${digest}&opaque=${challenge.opaque}`;
  };

  it.each([['login'], ['live?authmod=adobe']])('publishes with ffmpeg, to the app %s', async (app) => {
    const recorder = await edge.record(stream.streamId);
    const address = `127.0.0.1:${edge.ports.rtmp}/${app}/camera1`;
    const { code, stderr } = await ffmpeg(`rtmp://${stream.streamKeyId}:${stream.key}@${address}`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end);
    expect(recorder.frames.filter(({ kind }) => kind === FrameKind.video).length).toBeGreaterThan(20);
    expect(edge.control.requests).toMatchObject([{ key: '', login: { user: stream.streamKeyId } }]);
    // The edge has never learned the secret.
    expect(JSON.stringify(edge.control.requests)).not.toContain(stream.key);
    expect(edge.logs.join('')).not.toContain(stream.key);
  });

  it('is refused by ffmpeg’s own words with a wrong password, and slowed down when it guesses', async () => {
    const address = `127.0.0.1:${edge.ports.rtmp}/login/camera1`;
    const { code, stderr } = await ffmpeg(`rtmp://${stream.streamKeyId}:wrong@${address}`);
    expect(code).not.toBe(0);
    expect(stderr).toContain('bad key');
    for (let i = 0; i < 9; i++) await connect(await answer(stream.streamKeyId, `wrong-${i}`)).untilClosed();
    expect(edge.control.requests).toHaveLength(10);
    const guess = await connect(await answer(stream.streamKeyId, 'wrong-10')).untilClosed();
    expect(guess.status?.description).toContain('too many wrong stream keys');
    expect(await edge.metric('ingest_rate_limited_total', '{limit="wrong_keys"}')).toBe(1);
    // The right password passes from the same address.
    const client = await connect(await answer(stream.streamKeyId, stream.key)).untilReady();
    client.socket.destroy();
  });

  it('answers with a client of our own; each publish is an attempt of its own', async () => {
    const client = await connect(await answer(stream.streamKeyId, stream.key)).untilReady();
    expect(edge.control.requests).toMatchObject([{ app: 'login', login: { clientChallenge: '0a1b' } }]);
    expect(edge.control.requests[0]!.login!.attempt).toMatch(/^[0-9a-f-]{36}$/);
    expect(await edge.metric('ingest_logins_total', '{outcome="challenged"}')).toBe(1);
    client.socket.destroy();
  });

  it('gets so many challenges in a minute, and the rest of the edge goes on', async () => {
    await edge.stop();
    edge = await TestEdge.start({ settings: { loginsPerMinute: 2 } });
    stream = edge.control.newStream();
    for (const reason of ['needauth', 'needauth', 'authfailed'])
      expect(await descriptionOf('live?authmod=adobe&user=skey_1')).toContain(`reason=${reason}`);
    expect(await edge.metric('ingest_rate_limited_total', '{limit="logins"}')).toBe(1);
    const client = await connect('live', stream.key).untilReady();
    client.socket.destroy();
  });

  it('may still publish by its key where encoders are not asked to log in', async () => {
    const client = await connect('live', stream.key).untilReady();
    client.socket.destroy();
  });
});
