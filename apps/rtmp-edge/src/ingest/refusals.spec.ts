// Who may publish, and what the others are told, over real connections.
import { newSecretKey, PUBLISH_REFUSALS } from '@millrace/domain';
import type { PublishRefusal } from '@millrace/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestClient } from '../testing/test-client.ts';
import { TestEdge } from '../testing/test-edge.ts';
import type { TestStream } from '@millrace/ingest/testing';
import { rtmpEdgeSettings } from '../settings.ts';
import { refusalStatus } from './refusal-status.ts';

describe('authorisation', () => {
  let edge: TestEdge;
  let stream: TestStream;
  beforeEach(async () => {
    edge = await TestEdge.start();
    stream = edge.control.newStream();
  });
  afterEach(() => edge.stop());
  const connect = (streamName: string, app = 'live') => new TestClient({ port: edge.ports.rtmp, streamName, app });

  it.each([
    ['the key as stream name', 'live', 'KEY'],
    ['a slash after it', 'live', 'KEY/'],
    ['a slash after the app', 'live/', 'KEY'],
    ['the key at the end of the app', 'live/KEY', ''],
    ['both', 'live/KEY/', '/'],
    ['a key parameter', 'live', '?key=KEY'],
    ['a key parameter beside a name', 'live', 'stream?key=KEY'],
    ['a key parameter of the app', 'live?key=KEY', ''],
    ['the query that OBS adds', 'live', 'KEY?bandwidthtest=true'],
    ['percent-encoding', 'live', 'ENCODED'],
    ['no app', '', 'KEY'],
    ['the key alone in the app', 'KEY', ''],
    ['a blank before it', 'live', ' KEY'],
    ['a line break after it', 'live', 'KEY\r\n'],
    ['the kind of a file before it', 'live', 'mp4:KEY'],
    ['a name ending of Wowza', 'live/_definst_', 'KEY.stream'],
    ['a token parameter', 'live', '?token=KEY'],
    ['a token parameter beside a name', 'live', 'camera1?token=KEY'],
    ['the whole address again', 'live', 'rtmp://example.com/live/KEY'],
    ['a name behind it', 'live/KEY', 'camera1'],
  ])('finds the key in an address with %s', async (_, app, name) => {
    const encoded = [...stream.key].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('');
    const fill = (text: string) => text.replace('KEY', stream.key).replace('ENCODED', encoded);
    const client = await connect(fill(name), fill(app)).untilReady();
    expect(edge.control.requests).toMatchObject([{ key: stream.key, app: 'live', protocol: 'rtmp' }]);
    client.socket.destroy();
  });

  it('takes IPv4 and IPv6 by default, and names the address of each as its people do', async () => {
    const { rtmpHost } = rtmpEdgeSettings.parse({});
    const open = await TestEdge.start({ settings: { rtmpHost } });
    for (const host of ['127.0.0.1', '::1']) {
      const streamName = open.control.newStream().key;
      const client = await new TestClient({ port: open.ports.rtmp, host, streamName }).untilReady();
      expect(open.control.requests.at(-1)).toMatchObject({ clientAddress: host });
      client.socket.destroy();
    }
    expect(open.logs.join('')).toContain('"address":"::"');
    await open.stop();
  });

  it('tells the control plane who asks', async () => {
    const client = await connect(stream.key).untilReady();
    expect(edge.control.requests).toMatchObject([
      { clientAddress: '127.0.0.1', encoder: 'FMLE/3.0 (compatible; Millrace)' },
    ]);
    client.socket.destroy();
  });

  it.each(Object.keys(PUBLISH_REFUSALS) as PublishRefusal[])(
    'tells the encoder that is refused: %s',
    async (refusal) => {
      edge.control.refusal = refusal;
      const client = await connect(stream.key).untilClosed();
      expect(client.status).toEqual({ level: 'error', ...refusalStatus(refusal) });
      expect(client.status!.description).toBe(PUBLISH_REFUSALS[refusal]);
      expect(client.ready).toBe(false);
      expect(client.error).toBeUndefined();
      expect(await edge.metric('ingest_publish_attempts_total', `{outcome="refused",reason="${refusal}"}`)).toBe(1);
      const { tenantId, streamId, streamKeyId } = stream;
      const encoder = 'FMLE/3.0 (compatible; Millrace)';
      expect(edge.control.rejected).toEqual([{ tenantId, streamId, streamKeyId, refusal, protocol: 'rtmp', encoder }]);
    },
  );

  it('uses codes that encoders act on', () => {
    expect(refusalStatus('already_publishing').code).toBe('NetStream.Publish.BadName');
    expect(refusalStatus('bad_key').code).toBe('NetStream.Publish.Denied');
    expect(refusalStatus('draining').code).toBe('NetStream.Publish.Rejected');
  });

  it.each([
    ['no key at all', '', 'live'],
    ['a key with a typing error', 'mr_st_000000000000000000000000000000000000', 'live'],
    ['wildcards', 'a.*.>', 'live'],
    ['a line break and a tag', 'x\r\n#EXT-X-ENDLIST', 'live'],
    ['a way up', '../../etc/passwd', 'live'],
    ['broken percent-encoding', '%zz', 'live'],
    ['a NUL', 'a\0b', 'live'],
    ['text from right to left', '\u202eabc', 'live'],
    ['a thousand parameters', `x?${'a=1&'.repeat(200)}`, 'live'],
    ['an app of wildcards', 'KEY', 'a>b'],
  ])('refuses %s without asking a gateway', async (_, name, app) => {
    const client = await connect(name.replace('KEY', stream.key), app).untilClosed();
    expect(client.status).toMatchObject({ level: 'error', code: 'NetStream.Publish.Denied' });
    expect(edge.control.requests).toEqual([]);
  });

  it('never writes a key into its log', async () => {
    const good = await connect(stream.key).untilReady();
    good.socket.destroy();
    const wrong = stream.key.slice(0, -1) + (stream.key.endsWith('a') ? 'b' : 'a');
    await connect(`${wrong}?key=${wrong}`).untilClosed();
    const text = edge.logs.join('');
    expect(text).toContain('publish refused');
    expect(text).not.toContain(stream.key.slice(0, -1));
  });

  it('is unavailable when deciding fails', async () => {
    edge.control.gate = () => Promise.reject(new Error('broken'));
    const client = await connect(stream.key).untilClosed();
    expect(client.status).toMatchObject({ description: PUBLISH_REFUSALS.unavailable });
  });

  it('slows down an address that guesses, still serves those that are connected, and lets a good key from there pass', async () => {
    const client = await connect(stream.key).untilReady();
    for (let i = 0; i < 10; i++) await connect(`wrong-${i}`).untilClosed();
    for (const guess of ['wrong-11', newSecretKey('mr_st'), '']) {
      const blocked = await connect(guess).untilClosed();
      expect(blocked.status).toMatchObject({ code: 'NetStream.Publish.Rejected' });
      expect(blocked.status!.description).toContain('too many wrong stream keys');
    }
    const good = await connect(edge.control.newStream().key).untilReady();
    expect([client.closed, good.closed]).toEqual([false, false]);
    client.socket.destroy();
    good.socket.destroy();
  });

  it('asks about two keys at once from an address that guesses, a good one among them', async () => {
    for (let i = 0; i < 10; i++) await connect(`wrong-${i}`).untilClosed();
    let asked = 0;
    let most = 0;
    edge.control.gate = async () => {
      most = Math.max(most, ++asked);
      await new Promise((resolve) => setImmediate(resolve));
      asked--;
    };
    const guesses = Array.from({ length: 40 }, () => connect(newSecretKey('mr_st')).untilClosed());
    const good = await connect(stream.key).untilReady();
    for (const { status } of await Promise.all(guesses))
      expect(status!.description).toContain('too many wrong stream keys');
    expect([most, good.closed]).toEqual([2, false]);
    good.socket.destroy();
  });

  it('counts well-formed keys that do not exist as guesses, and refusals for other reasons not', async () => {
    edge.control.refusal = 'quota';
    for (let i = 0; i < 12; i++) await connect(newSecretKey('mr_st')).untilClosed();
    edge.control.refusal = undefined;
    for (let i = 0; i < 10; i++) await connect(newSecretKey('mr_st')).untilClosed();
    const guess = await connect(newSecretKey('mr_st')).untilClosed();
    expect(guess.status!.description).toContain('too many wrong stream keys');
  });

  it('gives the claim back when the encoder is gone before the answer', async () => {
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    edge.control.gate = () => opened;
    const client = connect(stream.key);
    await expect.poll(() => edge.control.requests.length).toBe(1);
    client.socket.resetAndDestroy();
    await client.untilClosed();
    open();
    edge.control.gate = undefined;
    await expect
      .poll(async () => (await edge.liveStore.readLiveStream(stream.streamId))?.disconnectedAtMs)
      .toBeDefined();
    const next = await connect(stream.key).untilReady();
    next.socket.destroy();
  });

  it('refuses to play', async () => {
    const client = new TestClient({ port: edge.ports.rtmp, streamName: stream.key, mode: 'play' });
    await client.untilClosed();
    expect(client.status).toMatchObject({ level: 'error', code: 'NetStream.Play.StreamNotFound' });
  });
});
