// The same 30 s through every corner of the RTMP chunk stream (Adobe RTMP 1.0 §5.3), from a writer that shares no code.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareTimes, framesOf } from './support/frame-ledger.ts';
import { HlsRecorder } from './support/hls-recorder.ts';
import type { ChunkStyle } from './support/raw-chunks.ts';
import { publishTags } from './support/raw-publisher.ts';
import type { RawPublishing } from './support/raw-publisher.ts';
import { RawRtmpClient } from './support/raw-rtmp-client.ts';
import type { PublishOptions } from './support/raw-rtmp-client.ts';
import { sourceFrames, sourceTags } from './support/source.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';
import { TenantApi } from './support/tenant-api.ts';

let server: Standalone;
beforeAll(async () => {
  server = await startStandalone();
});
afterAll(() => server?.stop());

const tags = sourceTags();
const sent = sourceFrames();
const style = (csid: number, more: Partial<ChunkStyle> = {}): ChunkStyle => ({ csid, headers: 'compressed', ...more });
const plain: RawPublishing = { video: style(6), audio: style(4) };

interface Corner extends RawPublishing {
  readonly chunkSize?: number;
  readonly client?: PublishOptions;
  /** How many tags to send: all unless the corner is slow. */
  readonly tags?: number;
}

const changingSizes = [1, 4096, 128, 65_536, 333];
const corners: Record<string, Corner> = {
  'chunks of 128 bytes, as before any Set Chunk Size': plain,
  'chunks of 1 byte': { ...plain, chunkSize: 1, tags: 300 },
  'chunks of 65536 bytes': { ...plain, chunkSize: 65_536 },
  'a chunk size that changes before every message': {
    ...plain,
    before: (client, i) => client.setChunkSize(changingSizes[i % changingSizes.length]!),
    tags: 600,
  },
  'fmt 0 on every message': {
    video: style(6, { headers: 'full' }),
    audio: style(4, { headers: 'full' }),
    chunkSize: 4096,
  },
  'fmt 1 after the first message': {
    video: style(6, { headers: 'no-stream-id' }),
    audio: style(4, { headers: 'no-stream-id' }),
  },
  'basic headers of two bytes': { video: style(64), audio: style(319), chunkSize: 4096 },
  'basic headers of three bytes': { video: style(65_599), audio: style(320), chunkSize: 4096 },
  'ids below 320 in three bytes': {
    video: style(64, { basicHeaderBytes: 3 }),
    audio: style(65, { basicHeaderBytes: 3 }),
    chunkSize: 4096,
  },
  'one chunk stream for both': { video: style(6), audio: style(6), chunkSize: 4096 },
  'chunks of video and audio in turn': { ...plain, interleave: true },
  'extended timestamps that the continuation repeats': { ...plain, timestampOffset: 0x01000000 },
  'extended timestamps that the continuation leaves out': {
    video: style(6, { repeatsExtendedTimestamp: false, headers: 'full' }),
    audio: style(4, { repeatsExtendedTimestamp: false, headers: 'full' }),
    timestampOffset: 0x01000000,
  },
  'timestamps that cross into the extended range': { ...plain, timestampOffset: 0xffffff - 15_000 },
  'timestamps that wrap at 2^32': { ...plain, timestampOffset: 2 ** 32 - 15_000, chunkSize: 4096 },
  'aggregate messages': { ...plain, aggregate: 8, chunkSize: 4096 },
  'commands as AMF3': { ...plain, client: { amf3Commands: true }, chunkSize: 4096 },
  'every byte in a write of its own': { ...plain, client: { byteByByte: true }, tags: 200 },
  'a message given up by Abort before every tenth one': {
    ...plain,
    before: async (client, i) => {
      if (i % 10 !== 0) return;
      const chunks = client.out.chunksOf(
        { type: 9, streamId: 1, timestamp: 0, body: Buffer.alloc(1000, 0x27) },
        style(77),
      );
      await client.write(Buffer.concat(chunks.slice(0, 3)));
      await client.abort(77);
    },
  },
};

describe('every coded frame arrives once and in order through', () => {
  it.each(Object.entries(corners))('%s', async (name, corner) => {
    const stream = await TenantApi.of(server.quickstart).createStream(name.slice(0, 90), {
      reconnect_window_seconds: 1,
      playlist_window_seconds: 60,
    });
    const recorder = new HlsRecorder(stream.playlistUrl).start();
    const client = await RawRtmpClient.publish(server.ports.rtmp, 'live', stream.key, corner.client);
    if (corner.chunkSize !== undefined) await client.setChunkSize(corner.chunkSize);
    const some = tags.slice(0, corner.tags ?? tags.length);
    await publishTags(client, some, corner);
    await client.command('deleteStream', 9, null, 1);
    await client.end();
    await recorder.until('the list is closed', ({ last }) => last?.ended === true);
    await recorder.stop();

    expect(recorder.faults).toEqual([]);
    const arrived = framesOf(recorder.ordered);
    expect(arrived.faults).toEqual([]);
    const media = (type: number): number => some.filter((tag) => tag.type === type && tag.body[1] === 1).length;
    const hashes = (frames: readonly { hash: string }[]): string[] => frames.map((frame) => frame.hash);
    expect(hashes(arrived.video)).toEqual(hashes(sent.video.slice(0, media(9))));
    expect(hashes(arrived.audio)).toEqual(hashes(sent.audio.slice(0, media(8))));
    expect(compareTimes(sent.video, arrived.video)).toEqual([]);
    expect(compareTimes(sent.audio, arrived.audio)).toEqual([]);
    expect(recorder.ordered.filter((segment) => segment.discontinuity)).toEqual([]);
  });
});
