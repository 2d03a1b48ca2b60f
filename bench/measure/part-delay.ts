// How long after its last picture was sent a part is listed, for a player that waits for it. Encoder and player are in this one process, so that
// both times are of one clock.
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { FlvDecoder, FlvTagType } from '@millrace/protocol/flv';
import { clientSessionOptions, RtmpClientSession } from '@millrace/protocol/rtmp';
import { loadPlaylist, nextOf, untilListed } from './part-playlist.ts';

const TICK_MS = 2;
/** The first parts come while the server still compiles what it runs. */
const WARM_MS = 15_000;
const MEASURE_MS = 20_000;

export interface PartDelay {
  /** From the last picture of a part to the player's answer, median of all parts, in milliseconds. */
  readonly afterLastMs: number;
  /** From the picture behind it, which shows that the part is over. */
  readonly afterNextMs: number;
}

/** @param playlist of a rendition with pictures, of the stream that is published here from its first picture on */
export async function measurePartDelay(
  source: string,
  { url, streamKey }: { readonly url: string; readonly streamKey: string },
  playlist: string,
): Promise<PartDelay> {
  const encoder = new TimedEncoder(source, url, streamKey);
  const agent = new Agent({ keepAlive: true });
  try {
    await Promise.race([untilListed(playlist), encoder.failed]);
    return await Promise.race([follow(encoder, agent, playlist), encoder.failed]);
  } finally {
    encoder.stop();
    agent.destroy();
  }
}

async function follow(encoder: TimedEncoder, agent: Agent, playlist: string): Promise<PartDelay> {
  const delays: { afterLastMs: number; afterNextMs: number }[] = [];
  const begin = performance.now() + WARM_MS;
  const listed = new ListedParts();
  for (let text = await loadPlaylist(agent, playlist, 'bench'); performance.now() < begin + MEASURE_MS;) {
    const [end] = listed.newIn(text);
    const now = performance.now();
    if (end !== undefined && now > begin) {
      const next = encoder.nearest(end);
      const [last, behind] = [encoder.sent[next - 1], encoder.sent[next]];
      if (last !== undefined && behind !== undefined)
        delays.push({ afterLastMs: now - last.atMs, afterNextMs: now - behind.atMs });
    }
    text = await loadPlaylist(agent, `${playlist}${nextOf(text)}`, 'bench');
  }
  return {
    afterLastMs: medianOf(delays.map(({ afterLastMs }) => afterLastMs)),
    afterNextMs: medianOf(delays.map(({ afterNextMs }) => afterNextMs)),
  };
}

const medianOf = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** The parts of a stream from its first one on, by how much of the stream has passed where each ends. */
class ListedParts {
  readonly #ends = new Map<string, number>();
  #endMs = 0;

  /** Where each part ends that was not listed before, newest first. */
  newIn(text: string): number[] {
    const ends: number[] = [];
    for (const [, attributes = ''] of text.matchAll(/^#EXT-X-PART:(.*)$/gm)) {
      const uri = /URI="([^"]+)"/.exec(attributes)?.[1] ?? '';
      if (this.#ends.has(uri)) continue;
      this.#endMs += Number(/DURATION=([\d.]+)/.exec(attributes)?.[1]) * 1_000;
      this.#ends.set(uri, this.#endMs);
      ends.unshift(this.#endMs);
    }
    return ends;
  }
}

/** Sends a file in real time, and notes when it sent which picture. */
class TimedEncoder {
  /** Every picture: its time in the stream, and when it was given to the socket. */
  readonly sent: { readonly timeMs: number; readonly atMs: number }[] = [];
  /** Rejects when the server ends it. */
  readonly failed: Promise<never>;
  readonly #session: RtmpClientSession;
  readonly #socket: Socket;
  #clock: NodeJS.Timeout | undefined;

  constructor(source: string, url: string, streamKey: string) {
    const { hostname, port, pathname } = new URL(url);
    const tags = new FlvDecoder().push(readFileSync(source));
    const { promise, reject } = Promise.withResolvers<never>();
    this.failed = promise;
    const fail = (reason: string): void => reject(new Error(`publishing ended: ${reason}`));
    this.#session = new RtmpClientSession(
      {
        send: (bytes) => void this.#socket.write(bytes),
        onReady: () => this.#begin(tags),
        onStatus: ({ level, description }) => level === 'error' && fail(description),
        onReconnectRequest: () => fail('the server requested a reconnect'),
        onClosed: ({ detail }) => fail(detail),
        onVideo: () => undefined,
        onAudio: () => undefined,
        onData: () => undefined,
      },
      clientSessionOptions({
        now: () => performance.now(),
        mode: 'publish',
        app: pathname.slice(1),
        tcUrl: url,
        streamName: streamKey,
      }),
    );
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#socket.once('connect', () => this.#session.start());
    this.#socket.on('data', (bytes: Buffer) => this.#session.push(bytes));
    this.#socket.once('error', ({ message }) => fail(message));
    this.#socket.once('close', () => fail('the connection was closed'));
  }

  #begin(tags: ReturnType<FlvDecoder['push']>): void {
    const startedMs = performance.now();
    const media = tags.filter(({ type }) => type === FlvTagType.video || type === FlvTagType.audio);
    let next = 0;
    const tick = (): void => {
      const nowMs = performance.now();
      for (; next < media.length && media[next]!.timestampMs <= nowMs - startedMs; next++) {
        const { type, timestampMs, data } = media[next]!;
        if (type === FlvTagType.audio) this.#session.sendAudio(timestampMs, data);
        else {
          this.#session.sendVideo(timestampMs, data);
          // The second byte tells the configuration from pictures (AVCPacketType).
          if (data[1] === 1) this.sent.push({ timeMs: timestampMs, atMs: performance.now() });
        }
      }
    };
    this.#clock = setInterval(tick, TICK_MS);
  }

  /** The picture that begins nearest to a time in the stream, counted from its first picture. */
  nearest(timeMs: number): number {
    const from = this.sent[0]?.timeMs ?? 0;
    const behind = this.sent.findIndex((picture) => picture.timeMs - from >= timeMs);
    if (behind <= 0) return behind;
    const early = timeMs - (this.sent[behind - 1]!.timeMs - from);
    return early < this.sent[behind]!.timeMs - from - timeMs ? behind - 1 : behind;
  }

  stop(): void {
    clearInterval(this.#clock);
    this.#session.end();
    this.#socket.destroy();
  }
}
