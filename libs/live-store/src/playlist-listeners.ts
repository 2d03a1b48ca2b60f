// Who waits for which playlist in this process.

/** Callbacks by stream. They run soon after the change, never inside the call that made it. */
export class PlaylistListeners {
  readonly #listeners = new Map<string, Set<() => void>>();

  /** @returns takes the callback out again; it is not called after that */
  add(streamId: string, onChange: () => void): () => void {
    // Wrapped, so that the same function added twice counts twice.
    const listener = (): void => onChange();
    const listeners = this.#listeners.get(streamId) ?? new Set();
    this.#listeners.set(streamId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(streamId) === listeners) this.#listeners.delete(streamId);
    };
  }

  changed(streamId: string): void {
    const listeners = this.#listeners.get(streamId);
    if (listeners === undefined) return;
    queueMicrotask(() => {
      for (const listener of listeners) listener();
    });
  }

  /** After a connection was away: anything may have changed. */
  allChanged(): void {
    for (const streamId of this.#listeners.keys()) this.changed(streamId);
  }

  clear(): void {
    for (const listeners of this.#listeners.values()) listeners.clear();
    this.#listeners.clear();
  }
}
