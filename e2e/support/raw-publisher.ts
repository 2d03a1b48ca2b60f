// Publishes an FLV file through RawRtmpClient: in real time or as fast as the server takes it, in any style of chunks.
import type { FlvTag } from './flv-tags.ts';
import type { ChunkStyle, RawMessage } from './raw-chunks.ts';
import type { RawRtmpClient } from './raw-rtmp-client.ts';

export interface RawPublishing {
  readonly video: ChunkStyle;
  readonly audio: ChunkStyle;
  /** Added to every timestamp, modulo 2^32. */
  readonly timestampOffset?: number;
  /** Called before each message: may change the chunk size, abort something, wait. */
  readonly before?: (client: RawRtmpClient, index: number) => Promise<void>;
  /** Send the chunks of an audio message between those of the video message before it. */
  readonly interleave?: boolean;
  /** Put this many messages in one aggregate message (type 22). */
  readonly aggregate?: number;
  /** How many times faster than real time; undefined: as fast as it goes. */
  readonly speed?: number;
}

export async function publishTags(client: RawRtmpClient, tags: readonly FlvTag[], how: RawPublishing): Promise<void> {
  const offset = how.timestampOffset ?? 0;
  const startedAt = Date.now();
  const messages = tags.map((tag): RawMessage => ({
    type: tag.type,
    streamId: 1,
    timestamp: (tag.timestampMs + offset) >>> 0,
    body: tag.body,
  }));
  const step = how.aggregate ?? (how.interleave ? 2 : 1);
  for (let i = 0; i < messages.length && !client.closed; i += step) {
    if (how.speed !== undefined) {
      const dueMs = startedAt + (tags[i]!.timestampMs - tags[0]!.timestampMs) / how.speed;
      if (dueMs > Date.now()) await new Promise((resolve) => setTimeout(resolve, dueMs - Date.now()));
    }
    await how.before?.(client, i);
    const group = messages.slice(i, i + step);
    if (how.aggregate !== undefined) await client.send(aggregateOf(group), how.video);
    else if (how.interleave && group.length === 2 && styleOf(group[0]!, how).csid !== styleOf(group[1]!, how).csid)
      await interleaved(client, group, how);
    else for (const message of group) await client.send(message, styleOf(message, how));
  }
}

const styleOf = (message: RawMessage, how: RawPublishing): ChunkStyle => (message.type === 8 ? how.audio : how.video);

async function interleaved(client: RawRtmpClient, group: RawMessage[], how: RawPublishing): Promise<void> {
  const [a, b] = group.map((message) => client.out.chunksOf(message, styleOf(message, how)));
  for (let i = 0; i < Math.max(a!.length, b!.length); i++) {
    await client.write(Buffer.concat([a![i] ?? Buffer.alloc(0), b![i] ?? Buffer.alloc(0)]));
  }
}

/** Sub-messages with an FLV tag header each and a back pointer behind (Adobe RTMP 1.0 §7.1.6). */
function aggregateOf(group: readonly RawMessage[]): RawMessage {
  const parts = group.flatMap(({ type, timestamp, body }) => {
    const header = Buffer.alloc(11);
    header[0] = type;
    header.writeUIntBE(body.length, 1, 3);
    header.writeUIntBE(timestamp & 0xffffff, 4, 3);
    header[7] = timestamp >>> 24;
    const backPointer = Buffer.alloc(4);
    backPointer.writeUInt32BE(11 + body.length);
    return [header, body, backPointer];
  });
  return { type: 22, streamId: 1, timestamp: group[0]!.timestamp, body: Buffer.concat(parts) };
}
