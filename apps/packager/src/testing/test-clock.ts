// A clock that stands still until a test moves it.
import type { Clock } from '../packaging/clock.ts';

export class TestClock implements Clock {
  #monotonicMs = 0;
  #wallMs = 1_700_000_000_000;

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  advance(ms: number): void {
    this.#monotonicMs += ms;
    this.#wallMs += ms;
  }

  /** As an operator, or a time server, sets it. */
  setWall(ms: number): void {
    this.#wallMs = ms;
  }
}
