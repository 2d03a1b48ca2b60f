// Memory of frames that are committed is written again: never where a reader may still look.
import { FrameKind, isConfiguration, isKeyframe } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import type { FrameBus, FrameSubscription } from '@millrace/frame-bus';
import { sampleMark } from '@millrace/frame-bus/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TestStream } from '@millrace/ingest/testing';
import { aacMessage, audioConfig, nal, videoConfig, videoMessage } from '../testing/sample-media.ts';
import { TestClient } from '../testing/test-client.ts';
import { TestEdge } from '../testing/test-edge.ts';

const GROUPS = 60;
const GROUP_FRAMES = 20;
const PICTURE_BYTES = 4_000;

/** A picture that says which one it is in its first and in its last bytes. */
function picture(number: number): Buffer {
  const isIdr = number % GROUP_FRAMES === 0;
  const content = Buffer.alloc(isIdr ? PICTURE_BYTES * 10 : PICTURE_BYTES, (number % 250) + 1);
  const header = isIdr ? 0x65 : 0x41;
  return videoMessage(nal(header, 0x80, ...Buffer.from(`${number}`.padStart(6, '0')), ...content), isIdr ? 1 : 2);
}

describe('frames of a publish whose memory is used again', () => {
  let edge: TestEdge;
  let bus: FrameBus;
  let stream: TestStream;
  let client: TestClient;
  const readers: Reader[] = [];

  /** Looks at all frames that it has not released whenever another one comes. */
  class Reader {
    readonly buffers = new Set<ArrayBufferLike>();
    readonly wrong: string[] = [];
    pictures = 0;
    subscription: FrameSubscription | undefined;
    /** As they were when they came. */
    #frames: { readonly frame: Frame; readonly bytes: Buffer }[] = [];
    #marks = 0;
    readonly #commits: boolean;

    constructor(commits: boolean) {
      this.#commits = commits;
    }

    onFrame(frame: Frame): void {
      this.#frames.push({ frame, bytes: Buffer.from(frame.payload) });
      if (frame.kind === FrameKind.video && !isConfiguration(frame)) {
        const number = Number(Buffer.from(frame.payload.subarray(6, 12)).toString());
        if (this.pictures > 0 && number !== this.#last + 1) this.wrong.push(`${number} after ${this.#last}`);
        this.#last = number;
        this.pictures++;
        this.buffers.add(frame.payload.buffer);
      }
      this.check();
      if (!this.#commits || !isKeyframe(frame)) return;
      const { epoch, sequence } = frame;
      this.subscription?.release({ epoch, sequence });
      this.#frames = this.#frames.filter((held) => held.frame.sequence >= sequence);
      void bus.recordCommit(sampleMark(stream.streamId, ++this.#marks, { epoch, sequence }));
    }

    #last = 0;

    onGap(): void {
      this.wrong.push('gap');
    }

    check(): void {
      for (const { frame, bytes } of this.#frames)
        if (!bytes.equals(frame.payload)) this.wrong.push(`${frame.sequence} was written over`);
    }
  }

  async function read(commits: boolean): Promise<Reader> {
    const reader = new Reader(commits);
    readers.push(reader);
    reader.subscription = await bus.subscribe(stream.streamId, { from: 'keyframe' }, reader);
    return reader;
  }

  async function start(settings: { readonly spareBytes?: number } = {}): Promise<Reader> {
    bus = createMemoryFrameBus();
    edge = await TestEdge.start({ frameBus: bus, settings });
    stream = edge.control.newStream();
    const packager = await read(true);
    client = await new TestClient({ port: edge.ports.rtmp, streamName: stream.key }).untilReady();
    client.session.sendVideo(0, videoConfig());
    client.session.sendAudio(0, audioConfig());
    return packager;
  }

  async function send(packager: Reader, groups: number): Promise<void> {
    const until = packager.pictures + groups * GROUP_FRAMES;
    for (let number = packager.pictures; number < until; number++) {
      client.session.sendVideo(number * 40, picture(number));
      client.session.sendAudio(number * 40, aacMessage(number));
      if (number % GROUP_FRAMES === GROUP_FRAMES - 1)
        // One picture may wait for the next message.
        await expect.poll(() => packager.pictures, { interval: 1 }).toBeGreaterThanOrEqual(number);
    }
    await expect.poll(() => packager.pictures, { interval: 1 }).toBe(until);
  }

  beforeEach(() => void readers.splice(0));
  afterEach(async () => {
    client.socket.destroy();
    await edge.stop();
  });

  it('come in few slabs when the packager alone reads them', async () => {
    const packager = await start();
    await send(packager, GROUPS);
    expect(packager.wrong).toEqual([]);
    // All bytes together would fill 27 of them, and more while they were small.
    expect(packager.buffers.size).toBeLessThan(16);
  });

  it('are not written over while a player has them, nor once it has left; then memory is used again', async () => {
    const packager = await start();
    await send(packager, 10);
    const player = await read(false);
    await send(packager, 10);
    player.subscription?.close();
    const atEnd = packager.buffers.size;
    await send(packager, 40);
    for (const reader of readers) reader.check();
    expect(readers.map(({ wrong }) => wrong)).toEqual([[], []]);
    expect(player.pictures).toBeGreaterThanOrEqual(10 * GROUP_FRAMES);
    expect(packager.buffers.size - atEnd).toBeLessThan(10);
  });

  it('never come in memory that was used before when none may be kept', async () => {
    const packager = await start({ spareBytes: 0 });
    await send(packager, 20);
    expect(packager.wrong).toEqual([]);
    expect(packager.buffers.size).toBeGreaterThan(16);
  });
});
