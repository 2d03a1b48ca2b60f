// The room bus over NATS: one subject for each pod, core messages, nothing kept.
import { connect } from '@nats-io/transport-node';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { natsConnectOptions } from '../transport/nats-connect-options.ts';
import type { RoomBus, RoomBusObserver, RoomNote } from './room-bus.ts';
import { assertPodId, decodeRoomNote, encodeRoomNote } from './room-note-text.ts';

export interface NatsRoomBusOptions {
  /** `nats://[user:password@ | token@]host:port` or `tls://…`; several are separated by commas. */
  readonly url: string;
  /** What the server lists this connection as. */
  readonly name?: string;
  readonly observer?: RoomBusObserver;
}

const SUBJECT_PREFIX = 'millrace.rooms.pod.';
/** The subjects of all pods. */
export const ROOM_NOTES = `${SUBJECT_PREFIX}*`;

function subjectOf(podId: string): string {
  assertPodId(podId);
  return SUBJECT_PREFIX + podId;
}

class NatsRoomBus implements RoomBus {
  readonly #connection: NatsConnection;
  readonly #observer: RoomBusObserver;
  #isUp = true;

  constructor(connection: NatsConnection, observer: RoomBusObserver) {
    this.#connection = connection;
    this.#observer = observer;
    void this.#follow();
  }

  tell(podId: string, note: RoomNote): void {
    const subject = subjectOf(podId);
    // What the client would hold while NATS is away comes too late: mailboxes have it.
    if (!this.isReady()) return this.#observer.failed?.(new Error('the connection to NATS is down'));
    try {
      this.#connection.publish(subject, encodeRoomNote(note));
    } catch (error) {
      this.#observer.failed?.(error);
    }
  }

  async listen(podId: string, onNote: (note: RoomNote) => void): Promise<() => void> {
    const subscription: Subscription = this.#connection.subscribe(subjectOf(podId), {
      callback: (error, message) => {
        try {
          if (error) throw error;
          onNote(decodeRoomNote(message.string()));
        } catch (fault) {
          this.#observer.failed?.(fault);
        }
      },
    });
    await this.#connection.flush();
    return () => subscription.unsubscribe();
  }

  isReady(): boolean {
    return this.#isUp && !this.#connection.isClosed();
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #follow(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (type === 'disconnect') this.#isUp = false;
      if (type === 'reconnect') this.#isUp = true;
    }
  }
}

/** Connects to NATS, and waits for it. */
export async function createNatsRoomBus({ url, name, observer = {} }: NatsRoomBusOptions): Promise<RoomBus> {
  const connection = await connect({ ...natsConnectOptions(url), name: name ?? 'millrace-rooms' });
  return new NatsRoomBus(connection, observer);
}
