// Sends the five tracks of media/bbb-multitrack.flv in real time, again and again, as an encoder does that sends several renditions.
import { setTimeout as delay } from 'node:timers/promises';
import { readFlvTags } from './flv-tags.ts';
import type { FlvTag } from './flv-tags.ts';
import { RawRtmpClient } from './raw-rtmp-client.ts';

const FILE = new URL('../../media/bbb-multitrack.flv', import.meta.url).pathname;
/** How long the pictures last. The sound is a little longer: what is behind them is left out. */
export const LOOP_MS = 6_000;
const [AUDIO, VIDEO] = [8, 9];
/** AudioPacketType and VideoPacketType of messages with a track of their own. */
const [AUDIO_MULTITRACK, VIDEO_MULTITRACK] = [5, 6];

/** Which track a message is of: `video`, `video1`, `audio1` … */
function trackOf({ type, body }: FlvTag): string {
  const kind = type === VIDEO ? 'video' : 'audio';
  const isExtended = type === VIDEO ? (body[0]! & 0x80) !== 0 : body[0]! >> 4 === 9;
  const isMultitrack = isExtended && (body[0]! & 15) === (type === VIDEO ? VIDEO_MULTITRACK : AUDIO_MULTITRACK);
  const id = isMultitrack ? body[6]! : 0;
  return id === 0 ? kind : `${kind}${id}`;
}

/** Coded frames, without what tells of tracks and is sent once, and without the end of the file. */
function isCoded({ type, body }: FlvTag): boolean {
  const isExtended = type === VIDEO ? (body[0]! & 0x80) !== 0 : body[0]! >> 4 === 9;
  // AVCPacketType and AACPacketType 1 are coded frames, and so are the packet types 1 and 3 in a message of one track.
  return isExtended ? [1, 3].includes(body[1]! & 15) : body[1] === 1;
}

/** What is sent of a file again and again. */
const isMedia = (tag: FlvTag): boolean => isCoded(tag) && (tag.type === VIDEO || tag.timestampMs < LOOP_MS - 10);

/** Bytes before the frame: of a track of its own, its codec and number too; of pictures, unless of packet type 3, a composition time. */
function frameOf({ type, body }: FlvTag): Buffer {
  const isExtended = type === VIDEO ? (body[0]! & 0x80) !== 0 : body[0]! >> 4 === 9;
  if (!isExtended) return body.subarray(type === VIDEO ? 5 : 2);
  return body.subarray(type === VIDEO && (body[1]! & 15) === 1 ? 10 : 7);
}

/** The coded frames of a track as they are sent once: `video`, `video1`, `audio1` … */
export const sentFrames = (track: string): Buffer[] =>
  readFlvTags(FILE)
    .filter((tag) => isMedia(tag) && trackOf(tag) === track)
    .map(frameOf);

export class MultitrackSender {
  /** Tracks that are not sent at present, by name. */
  readonly away = new Set<string>();
  readonly client: RawRtmpClient;
  #isStopped = false;
  readonly #sending: Promise<void>;

  private constructor(client: RawRtmpClient) {
    this.client = client;
    this.#sending = this.#send();
  }

  static async publish(port: number, key: string): Promise<MultitrackSender> {
    const client = await RawRtmpClient.publish(port, 'live', key);
    await client.setChunkSize(4096);
    return new MultitrackSender(client);
  }

  /** The connection is gone, without a word. */
  async vanish(): Promise<void> {
    this.#isStopped = true;
    this.client.socket.destroy();
    await this.#sending;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#sending;
    await this.client.command('deleteStream', 9, null, 1);
    await this.client.end();
  }

  async #send(): Promise<void> {
    const tags = readFlvTags(FILE);
    const headers = tags.filter((tag) => tag.timestampMs === 0 && !isCoded(tag));
    const media = tags.filter(isMedia);
    const startedAt = performance.now();
    for (let loop = 0; ; loop++) {
      for (const tag of loop === 0 ? [...headers, ...media] : media) {
        const timestamp = loop * LOOP_MS + tag.timestampMs;
        const waitMs = startedAt + timestamp - performance.now();
        if (waitMs > 0) await delay(waitMs);
        if (this.#isStopped || this.client.closed) return;
        if (tag.type !== 18 && this.away.has(trackOf(tag))) continue;
        const style = { csid: tag.type === AUDIO ? 4 : 6, headers: 'full' } as const;
        await this.client.send({ type: tag.type, streamId: 1, timestamp, body: tag.body }, style);
      }
    }
  }
}
