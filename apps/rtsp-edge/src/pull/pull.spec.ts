// Streams that the edge pulls: from a camera of the test, and from another edge that plays.
import { FrameFlag, FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { SourcePuller } from '@millrace/ingest';
import { pulledSources } from '@millrace/ingest/testing';
import type { TestStream } from '@millrace/ingest/testing';
import type { FrameRecorder } from '@millrace/frame-bus/testing';
import { encodeInterleaved } from '@millrace/protocol/rtsp';
import { newCertificate } from '@millrace/service-kit/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RtspEdgeContext } from '../channel/rtsp-edge-context.ts';
import { TestCamera } from '../testing/test-camera.ts';
import type { CameraOptions } from '../testing/test-camera.ts';
import { TestEdge } from '../testing/test-edge.ts';
import { SDP, slice, TestEncoder } from '../testing/test-encoder.ts';
import { RtspPullConnector } from './rtsp-pull-connector.ts';

const FAST = { pullAllowedAddresses: ['127.0.0.0/8'], pullRetryMinMs: 100, pullRetryMaxMs: 200, trackWaitMs: 0 };
const VIDEO_ONLY = SDP.slice(0, SDP.indexOf('m=audio'));
/** As long as a loaded machine may take. */
const WITHIN = { timeout: 10_000, interval: 20 };

let edge: TestEdge;
let stream: TestStream;
let recorder: FrameRecorder;
const undo: (() => Promise<void>)[] = [];

beforeEach(async () => {
  edge = await TestEdge.start({ settings: FAST });
  undo.push(() => edge.stop());
  stream = edge.control.newStream();
  recorder = await edge.record(stream.streamId);
});
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function startCamera(options: CameraOptions = { sdp: VIDEO_ONLY }): Promise<TestCamera> {
  const camera = await TestCamera.start(options);
  undo.push(() => camera.close());
  return camera;
}

const { pull, stateOf, untilState } = pulledSources(
  () => edge,
  () => stream,
);

const picturesOf = (frames: readonly Frame[]) =>
  frames.filter(({ kind, flags }) => kind === FrameKind.video && (flags & FrameFlag.configuration) === 0);
/** The tags that pictures were made with. */
const tags = () => picturesOf(recorder.frames).map(({ payload }) => payload.at(-1));

describe('a source that is pulled', () => {
  it('is described, set up and played; what it sends is published, and its state is told', async () => {
    const camera = await startCamera();
    const sourceId = pull(camera.url);
    await expect.poll(() => camera.count('PLAY'), WITHIN).toBe(1);
    for (const [i, isIdr] of [true, false, false, true].entries()) camera.picture(isIdr, i, i * 3_000);
    await recorder.until(() => tags().length === 4);
    expect(tags()).toEqual([0, 1, 2, 3]);
    expect(picturesOf(recorder.frames).map(({ dts90k }) => dts90k)).toEqual([0, 3_000, 6_000, 9_000]);
    expect(picturesOf(recorder.frames).map(({ payload }) => Buffer.from(payload).subarray(4))).toEqual(
      [true, false, false, true].map(slice),
    );
    await untilState(sourceId, { state: 'live' });
    expect(edge.control.requests).toMatchObject([{ protocol: 'rtsp', clientAddress: '127.0.0.1', key: stream.key }]);
    expect(await edge.metric('ingest_pulls', '{state="live"}')).toBe(1);
    expect(camera.asked.map(({ method }) => method)).toEqual(['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY']);
  });

  it('shows its credentials, as a digest, where it is asked for them', async () => {
    const credentials = { username: 'čĊ admin ü', password: 'top secret ü' };
    const camera = await startCamera({ sdp: VIDEO_ONLY, credentials });
    pull(camera.url, stream, credentials);
    await expect.poll(() => camera.count('PLAY'), WITHIN).toBe(1);
    expect(edge.logs.join('')).not.toContain(credentials.password);
  });

  it('is connected to again when it breaks off, in the same session; viewers get a new epoch', async () => {
    const camera = await startCamera();
    const sourceId = pull(camera.url);
    await expect.poll(() => camera.count('PLAY'), WITHIN).toBe(1);
    camera.picture(true, 1, 0);
    await recorder.until(() => tags().length === 1);
    camera.hangUp();
    await untilState(sourceId, { error: { message: 'the source closed the connection' } });
    await expect.poll(() => camera.count('PLAY'), WITHIN).toBe(2);
    camera.picture(true, 2, 0);
    await recorder.until(() => tags().length === 2);
    const [first, second] = picturesOf(recorder.frames);
    expect(second!.epoch).toBeGreaterThan(first!.epoch);
    expect(edge.control.ended).toMatchObject([{ reason: 'source_failed' }]);
    await untilState(sourceId, { state: 'live', error: { message: 'the source closed the connection' } });
    expect(await edge.metric('ingest_pull_ends_total', '{outcome="lost"}')).toBe(1);
    const said = () => edge.control.sourceStates.map(({ change, message }) => [change, message]);
    const lost = ['disconnected', 'the source closed the connection'];
    expect(said()).toEqual([['connected', undefined], lost, ['connected', undefined]]);
    edge.control.sources.delete(sourceId);
    edge.provider(SourcePuller).changed();
    await expect.poll(() => said().at(-1)?.[0], WITHIN).toBe('disconnected');
  });

  it('may be another server of ours: what it plays is published frame by frame', async () => {
    const camera = await TestEdge.start();
    undo.push(() => camera.stop());
    const published = camera.control.newStream();
    const { playbackId } = camera.control.newPlayback(published);
    const at = `rtsp://127.0.0.1:${camera.ports.rtsp}`;
    const encoder = await new TestEncoder(camera.ports.rtsp).record(`${at}/live/${published.key}`);
    undo.push(async () => encoder.destroy());
    const send = (i: number): void => {
      encoder.rtp(0, i, i * 3_000, slice(i % 10 === 0, i));
      // One access unit of AAC in a packet, behind its header (RFC 3640 section 3.3.6).
      encoder.rtp(2, i, i * 1_024, Buffer.of(0, 16, 0, 4 << 3, 0x21, 0x10, 0x04, i));
    };
    let sent = 0;
    const pace = setInterval(() => send(sent++), 20);
    undo.push(async () => clearInterval(pace));
    pull(`${at}/play/${playbackId}`);
    await recorder.until(() => tags().length >= 30);
    const seen = tags() as number[];
    expect(seen[0]! % 10).toBe(0);
    expect(seen).toEqual(seen.map((_, i) => seen[0]! + i));
    expect(recorder.frames.some(({ kind }) => kind === FrameKind.audio)).toBe(true);
  });

  it('ends, and is given back, when it is changed or deleted', async () => {
    const camera = await startCamera();
    const sourceId = pull(camera.url);
    await expect.poll(() => camera.count('PLAY'), WITHIN).toBe(1);
    edge.control.sources.delete(sourceId);
    edge.provider(SourcePuller).changed();
    await expect.poll(() => edge.control.ended, WITHIN).toMatchObject([{ reason: 'source_changed' }]);
    await expect.poll(() => camera.count('TEARDOWN'), WITHIN).toBe(1);
    expect(await edge.liveStore.listHeldSources()).toEqual([]);
  });

  it('leaves the stream to an encoder that publishes it, and goes on when that has gone', async () => {
    const camera = await startCamera();
    const encoderKey = edge.control.newKey(stream);
    const url = `rtsp://127.0.0.1:${edge.ports.rtsp}/live/${encoderKey}`;
    const encoder = await new TestEncoder(edge.ports.rtsp).record(url, VIDEO_ONLY);
    const sourceId = pull(camera.url);
    await untilState(sourceId, { state: 'waiting', error: { message: 'another publisher has the stream' } });
    expect(camera.connections).toBe(0);
    encoder.destroy();
    await expect.poll(() => camera.count('PLAY'), WITHIN).toBe(1);
  });

  it('goes to another edge at once when this one stops', async () => {
    const camera = await startCamera();
    const sourceId = pull(camera.url);
    await expect.poll(() => camera.count('PLAY'), WITHIN).toBe(1);
    edge.edge.leave();
    await edge.drain();
    expect(await edge.liveStore.listHeldSources()).toEqual([]);
    expect(await edge.liveStore.acquireSource(sourceId, 'another', 1_000)).toBeDefined();
    expect(edge.control.ended).toMatchObject([{ reason: 'drained' }]);
  });

  it('is taken over from an edge that died without waiting for its claim', async () => {
    const camera = await startCamera();
    // As the edge that died left it: it is live for as long as its claim lasts.
    const dead = await edge.control.authorizePublish({
      key: stream.key,
      edgeId: 'dead',
      app: 'pull',
      protocol: 'rtsp',
      clientAddress: '127.0.0.1',
      encoder: '',
    });
    pull(camera.url);
    await expect.poll(() => camera.count('PLAY'), WITHIN).toBe(1);
    expect(dead).toMatchObject({ granted: true, resumed: false });
    const live = await edge.liveStore.readLiveStream(stream.streamId);
    expect(dead.granted && live?.claim.sessionId).toBe(dead.granted && dead.claim.sessionId);
    expect(live?.claim.edgeId).not.toBe('dead');
  });
});

describe('a source that cannot be pulled', () => {
  const untilErrors = async (expected: Readonly<Record<string, string>>, of = edge): Promise<void> => {
    for (const [sourceId, message] of Object.entries(expected))
      await expect
        .poll(() => stateOf(sourceId, of), WITHIN)
        .toMatchObject({ error: { message: expect.stringContaining(message) as string } });
  };

  it('says why, and is tried again', async () => {
    const cases: readonly (readonly [CameraOptions, string])[] = [
      [{ answers: { DESCRIBE: ['404 Not Found'] } }, 'the source answers DESCRIBE with 404: "Not Found"'],
      [{ answers: { OPTIONS: ['401 No'] } }, 'the source asks for a user name and a password (401)'],
      [{ answers: { DESCRIBE: ['302 Found', 'Location: rtsp://127.0.0.1:1/'] } }, 'redirects are not followed'],
      [{ answers: { SETUP: ['461 Unsupported Transport'] } }, 'does not carry media over its TCP'],
      [{ answers: { PLAY: ['453 Not Enough Bandwidth'] } }, 'the source answers PLAY with 453'],
      [{ sdp: 'nothing' }, 'the description of the source cannot be read'],
      [
        { sdp: 'v=0\r\nm=video 0 RTP/AVP 26\r\nm=audio 0 RTP/AVP 0\r\n' },
        'the source has nothing that is carried: its video is JPEG, its audio is PCMU',
      ],
    ];
    const cameras = await Promise.all(cases.map(([options]) => startCamera({ sdp: VIDEO_ONLY, ...options })));
    const streams = cameras.map(() => edge.control.newStream());
    const ids = cameras.map(({ url }, i) => pull(url, streams[i]));
    await untilErrors(Object.fromEntries(ids.map((id, i) => [id, cases[i]![1]])));
    for (const camera of cameras) await expect.poll(() => camera.connections, WITHIN).toBeGreaterThan(2);
    // Tried again and again, each has failed once.
    expect(edge.control.sourceStates.map(({ change }) => change)).toEqual(cases.map(() => 'failed'));
    expect(new Set(edge.control.sourceStates.map(({ sourceId }) => sourceId)).size).toBe(cases.length);
    // The stream is claimed once a source can send, and not before.
    const claimed = new Set(edge.control.requests.map(({ key }) => key));
    expect([...claimed]).toEqual([streams[4]!.key]);
  });

  it('is not connected to where its address is not public, and is told so', async () => {
    const camera = await startCamera();
    const strict = await TestEdge.start({ settings: { ...FAST, pullAllowedAddresses: ['192.0.2.0/24'] } });
    undo.push(() => strict.stop());
    const hosts = ['127.0.0.1', 'localhost', '127.1', '[::ffff:127.0.0.1]'];
    const ids = hosts.map((host) =>
      pull(camera.url.replace('127.0.0.1', host), strict.control.newStream(), {}, strict),
    );
    await untilErrors(Object.fromEntries(ids.map((id) => [id, 'public address'])), strict);
    expect(camera.connections).toBe(0);
  });

  it('is not believed over TLS with a certificate that no authority has signed', async () => {
    const { certFile: rtspTlsCertFile, keyFile: rtspTlsKeyFile } = await newCertificate();
    const camera = await TestEdge.start({ settings: { rtspTlsCertFile, rtspTlsKeyFile } });
    undo.push(() => camera.stop());
    const id = pull(`rtsps://127.0.0.1:${camera.ports.rtsps}/play/door`);
    await untilErrors({ [id]: 'the certificate is not signed by an authority that this server trusts' });
  });

  it('costs nothing else, whatever an edge cannot say to it', async () => {
    const credentials = { username: 'a\r\nX: b', password: 'secret' };
    const { url } = await startCamera({ sdp: VIDEO_ONLY, credentials });
    const sourceId = edge.control.newSource(stream, { url, ...credentials });
    const source = { ...edge.control.sources.get(sourceId)!, token: 1 };
    edge.control.sources.delete(sourceId);
    const message = await new Promise((resolve) =>
      new RtspPullConnector(edge.provider(RtspEdgeContext)).open(source, {
        live: () => resolve('live'),
        ended: resolve,
      }),
    );
    expect(message).toContain('an error of this server');
    expect(edge.logs.join('')).toContain('pulling a source broke');
  });

  it('says that nothing listens there, and that nothing came', async () => {
    await edge.stop();
    edge = await TestEdge.start({ settings: { ...FAST, pullConnectMs: 200, rtspIdleMs: 200 } });
    const mute = await startCamera({ answers: { OPTIONS: [] } });
    const silent = await startCamera();
    // Frames on a channel that no track has are no media, and before PLAY nothing is expected.
    const [babbling, early] = [await startCamera(), await startCamera({ answers: { OPTIONS: [] } })];
    const babble = setInterval(() => {
      if (babbling.count('PLAY') > 0) babbling.write(encodeInterleaved(9, Buffer.alloc(20)));
      early.write(encodeInterleaved(0, Buffer.alloc(20)));
    }, 20);
    undo.push(async () => clearInterval(babble));
    const make = (url: string) => pull(url, edge.control.newStream());
    await untilErrors({
      [make('rtsp://127.0.0.1:1/')]: 'nothing listens there',
      [make(mute.url)]: 'the source did not begin to send within 0.2 s',
      [make(silent.url)]: 'the source sent no media for 0.2 s',
      [make(babbling.url)]: 'the source sent no media for 0.2 s',
      [make(early.url)]: 'the source sends media before it is asked to',
    });
    expect(edge.logs.join('')).not.toContain('source is live');
  });
});
