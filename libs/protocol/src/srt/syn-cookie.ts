// draft-sharabayko-srt-01 section 4.3.1.1: what a caller has to repeat, so that an address that is not its own costs nothing.
import { createHmac, randomBytes } from 'node:crypto';

/** "The cookie … has a time resolution of one minute": one of the minute before counts as well. */
const STEP_US = 60_000_000;

export class SynCookies {
  readonly #secret = randomBytes(32);

  /** @param peer address and port as text */
  make(peer: string, nowUs: number): number {
    return this.#at(peer, Math.floor(nowUs / STEP_US));
  }

  isGood(cookie: number, peer: string, nowUs: number): boolean {
    const step = Math.floor(nowUs / STEP_US);
    return cookie === this.#at(peer, step) || cookie === this.#at(peer, step - 1);
  }

  #at(peer: string, step: number): number {
    return createHmac('sha256', this.#secret).update(`${step} ${peer}`).digest().readUInt32BE(0);
  }
}
