// ffmpeg in a loop, as an encoder that reconnects by itself. Each connection publishes the footage from its first frame.
import { setTimeout as delay } from 'node:timers/promises';
import { publishWithFfmpeg } from '../support/publish-with-ffmpeg.ts';
import type { FfmpegPublisher } from '../support/publish-with-ffmpeg.ts';
import { SOURCE_FILE } from '../support/source.ts';

const PAUSE_MS = 500;

export class RestartingEncoder {
  /** Number of connections so far. */
  starts = 0;
  readonly #url: string;
  #ffmpeg: FfmpegPublisher | undefined;
  #stopped = false;
  readonly #running: Promise<void>;

  /** @param url with the stream key */
  constructor(url: string) {
    this.#url = url;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#ffmpeg?.stop();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.starts++;
      this.#ffmpeg = await publishWithFfmpeg(this.#url, SOURCE_FILE);
      await this.#ffmpeg.ended();
      await delay(PAUSE_MS);
    }
  }
}
