// What one player is sent over UDP, at a pace: a group of pictures at once would be more than a receiver has room for.
import { eachInterleaved, INTERLEAVED_HEADER_BYTES } from '@millrace/protocol/rtsp';
import type { UdpPair } from '../udp/udp-pair.ts';

/** So much at once, and again after each step: 100 Mbit/s. */
const BURST_BYTES = 64 * 1024;
const STEP_MS = 5;

export class UdpSender {
  /** By the channels of the form: those of RTP. */
  readonly #pairs: ReadonlyMap<number, UdpPair>;
  readonly #drained: () => void;
  #waiting: { readonly bytes: Uint8Array; at: number }[] = [];
  #left = BURST_BYTES;
  #refilledAtMs = 0;
  #step: NodeJS.Timeout | undefined;

  /** @param drained called when everything is sent, after `write` was false */
  constructor(pairs: ReadonlyMap<number, UdpPair>, drained: () => void) {
    this.#pairs = pairs;
    this.#drained = drained;
  }

  /** @param bytes interleaved packets, not to be changed any more. @returns whether all of it is sent, and more may follow */
  write(bytes: Uint8Array): boolean {
    this.#waiting.push({ bytes, at: 0 });
    if (this.#step === undefined) this.#send();
    return this.#waiting.length === 0;
  }

  close(): void {
    clearTimeout(this.#step);
    this.#waiting = [];
  }

  #send(): void {
    this.#step = undefined;
    const now = performance.now();
    if (now - this.#refilledAtMs >= STEP_MS) {
      this.#refilledAtMs = now;
      this.#left = BURST_BYTES;
    }
    while (this.#waiting.length > 0) {
      const first = this.#waiting[0]!;
      if (this.#left <= 0) {
        this.#step = setTimeout(() => this.#continue(), STEP_MS);
        return;
      }
      const { bytes } = first;
      const sent = this.#packet(bytes.subarray(first.at));
      this.#left -= sent;
      first.at += sent;
      if (first.at >= bytes.length) this.#waiting.shift();
    }
  }

  #continue(): void {
    this.#send();
    if (this.#waiting.length === 0) this.#drained();
  }

  /** @returns the length of the first packet */
  #packet(bytes: Uint8Array): number {
    const end = INTERLEAVED_HEADER_BYTES + ((bytes[2]! << 8) | bytes[3]!);
    eachInterleaved(bytes.subarray(0, end), (channel, at, to) => {
      const isRtcp = (channel & 1) === 1;
      this.#pairs.get(channel & ~1)?.send(isRtcp, bytes, at + INTERLEAVED_HEADER_BYTES, to);
    });
    return end;
  }
}
