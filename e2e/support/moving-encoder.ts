// An encoder that understands Enhanced RTMP's request to connect elsewhere: it moves at a keyframe and sends late what it could
// not send meanwhile. It publishes in real time, again and again.
import { setTimeout as delay } from 'node:timers/promises';
import type { FlvTag } from './flv-tags.ts';
import { RawRtmpClient } from './raw-rtmp-client.ts';

/** Enhanced RTMP v2, "capsEx": bit 0 says that the client supports reconnect requests. */
const CAPS_EX_RECONNECT = 1;
const RECONNECT_REQUEST = 'NetConnection.Connect.ReconnectRequest';
const VIDEO = 9;
const FRAME_MS = 40;

const isConfiguration = ({ type, body }: FlvTag): boolean => type === 18 || body[1] === 0;
const isKeyframe = ({ type, body }: FlvTag): boolean => type === VIDEO && body[0]! >> 4 === 1 && body[1] === 1;

export class MovingEncoder {
  /** How often it has moved. */
  moves = 0;
  readonly #tags: readonly FlvTag[];
  readonly #ports: readonly number[];
  readonly #key: string;
  #client: RawRtmpClient | undefined;
  #stopped = false;
  #running: Promise<void> | undefined;

  /** @param ports of the edges, which it takes in turn: what a load balancer would do for it */
  constructor(ports: readonly number[], key: string, tags: readonly FlvTag[]) {
    this.#ports = ports;
    this.#key = key;
    this.#tags = tags;
  }

  async start(): Promise<this> {
    this.#client = await this.#connect();
    this.#running = this.#publish();
    return this;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    await this.#leave();
  }

  async #publish(): Promise<void> {
    const configuration = this.#tags.filter(isConfiguration);
    const media = this.#tags.filter((tag) => !isConfiguration(tag));
    const lengthMs = media.at(-1)!.timestampMs + FRAME_MS;
    const startedAtMs = Date.now();
    await this.#sendAll(configuration, 0);
    for (let round = 0; !this.#stopped; round++) {
      for (const tag of media) {
        if (this.#stopped) return;
        const timestampMs = tag.timestampMs + round * lengthMs;
        const waitMs = startedAtMs + timestampMs - Date.now();
        if (waitMs > 0) await delay(waitMs);
        if (isKeyframe(tag) && this.#isAsked()) await this.#move(configuration, timestampMs);
        await this.#send(tag, timestampMs);
      }
    }
  }

  #isAsked(): boolean {
    return this.#client!.statuses.some(({ code }) => code === RECONNECT_REQUEST);
  }

  async #move(configuration: readonly FlvTag[], timestampMs: number): Promise<void> {
    await this.#leave();
    this.moves++;
    this.#client = await this.#connect();
    await this.#sendAll(configuration, timestampMs);
  }

  async #leave(): Promise<void> {
    await this.#client!.command('deleteStream', 5, null, 1);
    await this.#client!.end();
  }

  /** Tries again when it is refused, as encoders do: the old claim may not have been given back yet. */
  async #connect(): Promise<RawRtmpClient> {
    const port = this.#ports[this.moves % this.#ports.length]!;
    const connectProperties = { capsEx: CAPS_EX_RECONNECT };
    for (let attempt = 0; ; attempt++) {
      try {
        const client = await RawRtmpClient.publish(port, 'live', this.#key, { connectProperties });
        await client.setChunkSize(4_096);
        return client;
      } catch (error) {
        if (attempt > 50) throw error;
        await delay(100);
      }
    }
  }

  async #sendAll(tags: readonly FlvTag[], timestampMs: number): Promise<void> {
    for (const tag of tags) await this.#send(tag, timestampMs);
  }

  async #send({ type, body }: FlvTag, timestampMs: number): Promise<void> {
    const csid = type === VIDEO ? 6 : 4;
    await this.#client!.send({ type, streamId: 1, timestamp: timestampMs, body }, { csid, headers: 'full' });
  }
}
