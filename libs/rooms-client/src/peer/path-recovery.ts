// When the path to a peer breaks: restarts ICE, the impolite side first, again and again with growing pauses.
import { Backoff } from '../backoff.ts';
import type { ClientClock, Random } from '../clock.ts';

/** How the way to one peer is doing. */
export type PathState =
  | 'connecting'
  | 'connected'
  /** It worked, and is being repaired. */
  | 'recovering'
  /** It never worked, or has not for a while; attempts go on. */
  | 'failed'
  /** The other side has neither offered nor answered for a while: nothing is known of a path. */
  | 'unanswered';

export interface PathRecoveryOptions {
  readonly clock: ClientClock;
  readonly random: Random;
  readonly polite: boolean;
  readonly restart: () => void;
  readonly changed: (state: PathState) => void;
}

/** `disconnected` often heals by itself (RFC 8445 consent checks run every few seconds). */
export const DISCONNECTED_PATIENCE_MS = 3_000;
/** The polite side lets the other one begin. */
export const POLITE_DELAY_MS = 2_500;
/** Without a path, or an answer, for so long, people are told that there is none. */
export const FAILED_AFTER_MS = 15_000;
const RESTART_TIMES = { firstMs: 4_000, longestMs: 30_000 };

export class PathRecovery {
  readonly #options: PathRecoveryOptions;
  readonly #backoff: Backoff;
  #state: PathState = 'connecting';
  #answered = false;
  #cancelRestart: (() => void) | undefined;
  #cancelVerdict: (() => void) | undefined;

  constructor(options: PathRecoveryOptions) {
    this.#options = options;
    this.#backoff = new Backoff(RESTART_TIMES, options.random);
    this.#startVerdict();
  }

  get state(): PathState {
    return this.#state;
  }

  /** @param state what `RTCPeerConnection.connectionState` says */
  observe(state: RTCPeerConnectionState): void {
    switch (state) {
      case 'connected':
        return this.#recovered();
      case 'disconnected':
        return this.#broken(DISCONNECTED_PATIENCE_MS);
      case 'failed':
        return this.#broken(0);
      case 'new':
      case 'connecting':
      case 'closed':
        return;
    }
  }

  /** The other side has offered or answered: from now on a missing path is the network's. */
  answered(): void {
    if (this.#answered) return;
    this.#answered = true;
    if (this.#state !== 'connecting' && this.#state !== 'unanswered') return;
    this.#enter('connecting');
    this.#startVerdict();
  }

  /** The network has changed: no reason to wait. */
  hurry(): void {
    if (this.#state === 'connected') return;
    this.#backoff.reset();
    this.#plan(0);
  }

  stop(): void {
    this.#cancelRestart?.();
    this.#cancelVerdict?.();
  }

  #recovered(): void {
    this.#answered = true;
    this.stop();
    this.#cancelRestart = this.#cancelVerdict = undefined;
    this.#backoff.reset();
    this.#enter('connected');
  }

  #broken(patienceMs: number): void {
    if (this.#state === 'connected') {
      this.#enter('recovering');
      this.#startVerdict();
    }
    // Once a restart has been made, the next ones keep their own pace.
    if (this.#backoff.attempts === 0) this.#plan(patienceMs);
  }

  #plan(delayMs: number): void {
    this.#cancelRestart?.();
    const { clock, polite, restart } = this.#options;
    this.#cancelRestart = clock.after(delayMs + (polite ? POLITE_DELAY_MS : 0), () => {
      restart();
      // Where the restart leads nowhere the browser may say nothing new.
      this.#plan(this.#backoff.nextMs());
    });
  }

  #startVerdict(): void {
    this.#cancelVerdict?.();
    this.#cancelVerdict = this.#options.clock.after(FAILED_AFTER_MS, () => {
      this.#enter(this.#answered ? 'failed' : 'unanswered');
      if (this.#cancelRestart === undefined) this.#plan(0);
    });
  }

  #enter(state: PathState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#options.changed(state);
  }
}
