// The media of a source that comes while its stream is yet to be claimed: what was read already, since nothing more is read meanwhile.
import type { DataMessage, MediaHandler } from '@millrace/protocol/rtmp';

export class HeldMedia implements MediaHandler {
  #taker: MediaHandler | undefined;
  #held: ((taker: MediaHandler) => void)[] = [];

  /** What was held goes to the taker first. */
  release(taker: MediaHandler): void {
    const held = this.#held;
    this.#held = [];
    this.#taker = taker;
    for (const give of held) give(taker);
  }

  onAudio(timestamp: number, payload: Buffer): void {
    this.#give((taker) => taker.onAudio(timestamp, payload));
  }

  onVideo(timestamp: number, payload: Buffer): void {
    this.#give((taker) => taker.onVideo(timestamp, payload));
  }

  onData(timestamp: number, data: DataMessage, body: Buffer): void {
    this.#give((taker) => taker.onData(timestamp, data, body));
  }

  #give(give: (taker: MediaHandler) => void): void {
    if (this.#taker === undefined) this.#held.push(give);
    else give(this.#taker);
  }
}
