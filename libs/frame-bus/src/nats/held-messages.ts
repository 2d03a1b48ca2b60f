// Messages of the live feed that wait while the log is read.
import type { FramePosition } from '@millrace/domain';
import { messageSpan } from './message-span.ts';

/** A queue with a limit. When it is exceeded everything is let go: the log has those messages too. */
export class HeldMessages {
  readonly #maxBytes: number;
  #messages: Uint8Array[] = [];
  #bytes = 0;
  #overflowed = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(message: Uint8Array): void {
    // Messages without frames only ask for an acknowledgement.
    if (message.byteLength === 0) return;
    this.#messages.push(message);
    this.#bytes += message.byteLength;
    if (this.#bytes <= this.#maxBytes) return;
    this.clear();
    this.#overflowed = true;
  }

  /** Whether messages were let go since this was last asked. */
  takeOverflow(): boolean {
    const overflowed = this.#overflowed;
    this.#overflowed = false;
    return overflowed;
  }

  /** The position of the first frame that is held. Throws messages away that hold none. */
  first(): FramePosition | undefined {
    for (;;) {
      const message = this.#messages[0];
      if (!message) return undefined;
      const span = messageSpan(message);
      if (span) return span.first;
      this.shift();
    }
  }

  peek(): Uint8Array | undefined {
    return this.#messages[0];
  }

  shift(): void {
    const message = this.#messages.shift();
    this.#bytes -= message?.byteLength ?? 0;
  }

  clear(): void {
    this.#messages = [];
    this.#bytes = 0;
  }
}
