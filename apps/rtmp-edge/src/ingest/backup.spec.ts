// The backup encoder of a stream: it waits, goes on for the other one, and makes way again when it is asked to.
import { FrameFlag, FrameKind, PUBLISH_REFUSALS } from '@millrace/domain';
import type { FrameRecorder } from '@millrace/frame-bus/testing';
import type { TestStream } from '@millrace/ingest/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aacMessage, audioConfig, interframe, keyframe, videoConfig } from '../testing/sample-media.ts';
import { TestClient } from '../testing/test-client.ts';
import { TestEdge } from '../testing/test-edge.ts';

const FRAME_MS = 20;
const GROUP = 5;
const POLL = { timeout: 20_000, interval: 10 };

/** An encoder that sends pictures and sound until it is stopped. */
class Encoder {
  readonly client: TestClient;
  #beat: NodeJS.Timeout | undefined;
  #sent = 0;

  constructor(port: number, streamName: string) {
    this.client = new TestClient({ port, streamName });
  }

  async begun(): Promise<this> {
    await this.client.untilReady();
    this.client.session.sendVideo(0, videoConfig());
    this.client.session.sendAudio(0, audioConfig());
    this.send();
    return this;
  }

  send(): void {
    this.#beat = setInterval(() => {
      const at = this.#sent * FRAME_MS;
      this.client.session.sendVideo(at, this.#sent % GROUP === 0 ? keyframe(this.#sent) : interframe(this.#sent));
      this.client.session.sendAudio(at, aacMessage(this.#sent));
      this.#sent++;
    }, FRAME_MS);
  }

  /** Sends nothing any more, on a connection that stays open. */
  fallSilent(): void {
    clearInterval(this.#beat);
  }

  vanish(): void {
    this.fallSilent();
    this.client.socket.destroy();
  }
}

describe('a backup encoder', () => {
  let edge: TestEdge;
  let stream: TestStream;
  let recorder: FrameRecorder;
  const encoders: Encoder[] = [];

  const start = async (backupAfterMs: number): Promise<void> => {
    edge = await TestEdge.start({ settings: { backupAfterMs } });
    stream = edge.control.newStream();
    recorder = await edge.record(stream.streamId);
  };
  beforeEach(() => start(1_200));
  afterEach(async () => {
    for (const encoder of encoders.splice(0)) encoder.vanish();
    await edge.stop();
  });

  const begin = (parameters = ''): Promise<Encoder> => {
    const encoder = new Encoder(edge.ports.rtmp, stream.key + parameters);
    encoders.push(encoder);
    return encoder.begun();
  };
  const live = () => edge.liveStore.readLiveStream(stream.streamId);
  const standbyIs = (role: string | undefined) =>
    expect
      .poll(async () => {
        const standby = (await live())?.standby;
        return standby?.isReady === true ? standby.role : undefined;
      }, POLL)
      .toBe(role);
  const epochs = () => [...new Set(recorder.frames.map(({ epoch }) => epoch))];
  const pictures = (epoch: number) =>
    recorder.frames.filter((frame) => frame.epoch === epoch && frame.kind === FrameKind.video);
  const changes = () => edge.control.standbys.map(({ change, reason }) => `${change} ${reason}`);
  /** An encoder that publishes, and one that waits for it. */
  const pair = async () => {
    const primary = await begin();
    await recorder.untilCount(5);
    const backup = await begin('?backup=1');
    await standbyIs('backup');
    return { primary, backup };
  };

  it('waits without publishing, and goes on at its next keyframe when the other one has been silent for a while', async () => {
    const { primary, backup } = await pair();
    const [first] = epochs();
    const heard: string[] = [];
    edge.ingest.publishes.listen({
      began: ({ epoch }) => heard.push(`began ${epoch}`),
      ended: ({ epoch }) => heard.push(`ended ${epoch}`),
    });
    expect(epochs()).toEqual([first]);
    expect(await edge.metric('ingest_standbys', '{protocol="rtmp"}')).toBe(1);
    expect(await edge.metric('ingest_publishers', '{protocol="rtmp"}')).toBe(1);
    primary.fallSilent();
    await recorder.until(() => epochs().length === 2 && pictures(epochs()[1]!).length > GROUP);
    const [configuration, picture] = pictures(epochs()[1]!);
    expect(configuration!.flags).toBe(FrameFlag.configuration);
    expect(picture!.flags & FrameFlag.keyframe).toBe(FrameFlag.keyframe);
    expect(changes()).toEqual(['waiting connected', 'promoted stopped']);
    const session = await live();
    expect(session!.claim).toMatchObject({ epoch: epochs()[1], role: 'backup' });
    expect(session!.claim.sessionId).toBe(edge.control.standbys[0]!.claim.sessionId);
    expect([primary.client.closed, backup.client.closed]).toEqual([false, false]);
    expect(await edge.metric('ingest_standby_promotions_total', '{reason="stopped"}')).toBe(1);
    // The other one is told with its next renewal, and waits: once it sends again it can be asked to go on.
    primary.send();
    await standbyIs('primary');
    expect(changes().at(-1)).toBe('waiting switched');
    expect(edge.control.ended).toMatchObject([{ reason: 'switched', claim: { epoch: first } }]);
    expect(await edge.liveStore.requestSwitch(stream.streamId)).toBe(true);
    await recorder.until(() => epochs().length === 3 && pictures(epochs()[2]!).length > GROUP);
    await standbyIs('backup');
    expect(changes().slice(-2)).toEqual(['promoted requested', 'waiting switched']);
    expect((await live())!.claim.role).toBeUndefined();
    const [, second, third] = epochs();
    expect(heard).toEqual([`began ${second}`, `ended ${first}`, `began ${third}`, `ended ${second}`]);
    // Of each epoch the frames have the numbers from 1 on: none is lost between the edge and the bus.
    for (const epoch of epochs()) {
      const numbers = recorder.frames.filter((frame) => frame.epoch === epoch).map(({ sequence }) => sequence);
      expect(numbers).toEqual(numbers.map((_, i) => i + 1));
    }
    expect(recorder.faults).toEqual([]);
  });

  it('goes on when the connection of the other one is gone, which waits when it comes back', async () => {
    const { primary, backup } = await pair();
    primary.vanish();
    await recorder.until(() => epochs().length === 2);
    const returned = await begin();
    await standbyIs('primary');
    expect([returned.client.closed, backup.client.closed]).toEqual([false, false]);
    expect(epochs()).toHaveLength(2);
    expect(changes()).toEqual(['waiting connected', 'promoted stopped', 'waiting connected']);
  });

  it('leaves the stream to an encoder that returns in time', async () => {
    await edge.stop();
    await start(60_000);
    const { primary } = await pair();
    primary.vanish();
    await expect.poll(async () => (await live())!.disconnectedAtMs, POLL).toBeDefined();
    await begin();
    await recorder.until(() => epochs().length === 2);
    expect((await live())!.claim.role).toBeUndefined();
    await standbyIs('backup');
  });

  it('is refused where one waits already, and makes room when it leaves', async () => {
    const { backup } = await pair();
    const third = new TestClient({ port: edge.ports.rtmp, streamName: `${stream.key}?backup=1` });
    await third.untilClosed();
    expect(third.status).toMatchObject({
      code: 'NetStream.Publish.BadName',
      description: PUBLISH_REFUSALS.backup_waiting,
    });
    backup.vanish();
    await standbyIs(undefined);
    expect(changes().at(-1)).toBe('left client_closed');
    expect(edge.control.ended).toEqual([]);
    await begin('?backup=1');
    await standbyIs('backup');
  });

  it('does not publish where the gateway is of a release that knows no backup encoders', async () => {
    edge.control.knowsBackups = false;
    const client = new TestClient({ port: edge.ports.rtmp, streamName: `${stream.key}?backup=1` });
    await client.untilClosed();
    expect(client.status!.description).toContain('takes no backup encoders yet');
    await expect.poll(async () => (await live())!.disconnectedAtMs, POLL).toBeDefined();
    await begin();
    await recorder.untilCount(1);
  });

  it('is cut with its key, and told to go elsewhere by an edge that stops', async () => {
    const { primary, backup } = await pair();
    const { streamId, streamKeyId } = stream;
    edge.ingest.cutPublisher({ streamId, streamKeyId, reason: 'taken_over', beforeEpoch: Number.MAX_SAFE_INTEGER });
    await primary.client.untilClosed();
    expect(backup.client.closed).toBe(false);
    edge.ingest.cutPublisher({ streamId, streamKeyId, reason: 'key_revoked', beforeEpoch: undefined });
    await backup.client.untilClosed();
    expect(backup.client.status!.description).toContain('key revoked');
    const next = await begin('?backup=1');
    await edge.drain();
    await next.client.untilClosed();
    expect(next.client.status!.description).toContain('draining');
  });
});
