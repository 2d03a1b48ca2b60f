// The room bus of one process.
import type { RoomBus, RoomBusObserver, RoomNote } from './room-bus.ts';
import { assertPodId, decodeRoomNote, encodeRoomNote } from './room-note-text.ts';

type Listener = (note: RoomNote) => void;

class MemoryRoomBus implements RoomBus {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #observer: RoomBusObserver;
  #closed = false;

  constructor(observer: RoomBusObserver) {
    this.#observer = observer;
  }

  tell(podId: string, note: RoomNote): void {
    assertPodId(podId);
    const text = encodeRoomNote(note);
    // Never on the sender's stack, and as a copy: as over NATS.
    for (const listener of this.#listeners.get(podId) ?? []) setImmediate(() => this.#pass(listener, text));
  }

  async listen(podId: string, onNote: Listener): Promise<() => void> {
    assertPodId(podId);
    const listener: Listener = (note) => onNote(note);
    const listeners = this.#listeners.get(podId) ?? new Set();
    this.#listeners.set(podId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(podId) === listeners) this.#listeners.delete(podId);
    };
  }

  isReady(): boolean {
    return !this.#closed;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#listeners.clear();
  }

  #pass(listener: Listener, text: string): void {
    if (this.#closed) return;
    try {
      listener(decodeRoomNote(text));
    } catch (error) {
      this.#observer.failed?.(error);
    }
  }
}

/** Makes a bus for pods that share a process. */
export function createMemoryRoomBus(observer: RoomBusObserver = {}): RoomBus {
  return new MemoryRoomBus(observer);
}
