import type { TurnClock } from '../clock.ts';

/** Time that only passes when the test says so. */
export class TestClock implements TurnClock {
  #nowMs = 1_000_000;
  #wallMs = 1_790_000_000_000;

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    this.#wallMs += ms;
  }

  /** An administrator sets the date. */
  stepWall(ms: number): void {
    this.#wallMs += ms;
  }
}
