// Many small reads cost more than a few larger ones: with many publishers, each socket rests a little after a read.

/** What rests: a socket whose reading stopped. */
export interface Pausable {
  resumeReading(): void;
}

/**
 * A read costs about the same whatever it brings, and an encoder sends a message at a time. So, once there are many
 * sockets, one that was read rests until the next tick, and what came meanwhile is read in one go. It delays frames by at
 * most a tick; with few sockets there is no rest and no delay. One timer for all; none while nothing rests.
 */
export class ReadPacer {
  readonly #restMs: number;
  readonly #fromSockets: number;
  #sockets = 0;
  #resting: Pausable[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param restMs 0 for no rest. @param fromSockets with fewer sockets nothing rests */
  constructor(restMs: number, fromSockets: number) {
    this.#restMs = restMs;
    this.#fromSockets = fromSockets;
  }

  opened(): void {
    this.#sockets++;
  }

  closed(): void {
    this.#sockets--;
  }

  /** After a read. @returns whether the socket is to stop reading: it is called back at the next tick */
  rest(socket: Pausable): boolean {
    if (this.#restMs === 0 || this.#sockets < this.#fromSockets) return false;
    this.#resting.push(socket);
    this.#timer ??= setTimeout(() => this.#tick(), this.#restMs);
    return true;
  }

  #tick(): void {
    const resting = this.#resting;
    this.#resting = [];
    this.#timer = undefined;
    for (const socket of resting) socket.resumeReading();
  }
}
