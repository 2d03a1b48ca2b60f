// The other end of the sockets that a session opens, in the hands of a test.
import type { ClientMessage, DirectMessage, RoomEvent } from '../messages.ts';
import type { OpenSocket, SocketEvents } from '../signaling/socket.ts';

class FakeConnection {
  readonly received: ClientMessage[] = [];
  closedByClient = false;
  readonly #events: SocketEvents;

  constructor(events: SocketEvents) {
    this.#events = events;
  }

  accept(): void {
    this.#events.opened();
  }

  say(message: DirectMessage | RoomEvent): void {
    this.#events.received(JSON.stringify(message));
  }

  drop(code = 1006, reason = ''): void {
    this.#events.closed(code, reason);
  }

  get last(): ClientMessage | undefined {
    return this.received.at(-1);
  }

  types(): readonly string[] {
    return this.received.map(({ type }) => type);
  }
}

export class FakeServer {
  readonly connections: FakeConnection[] = [];

  readonly openSocket: OpenSocket = (_url, events) => {
    const connection = new FakeConnection(events);
    this.connections.push(connection);
    return {
      send: (text) => connection.received.push(JSON.parse(text) as ClientMessage),
      close: () => {
        connection.closedByClient = true;
      },
    };
  };

  /** The newest connection. */
  get current(): FakeConnection {
    const connection = this.connections.at(-1);
    if (connection === undefined) throw new Error('no client has connected');
    return connection;
  }
}

export const participant = (id: string, muted = { audio: false, video: false, screen: true }) => ({
  id,
  name: `name of ${id}`,
  metadata: {},
  muted,
  state: 'connected' as const,
  joined_at: '2026-01-01T00:00:00.000Z',
});

export const room = {
  id: 'room_1',
  name: 'a room',
  type: 'one_to_one',
  max_participants: 2,
  locked: false,
} as const;

export const joined = (over: Partial<Extract<DirectMessage, { type: 'joined' }>> = {}) =>
  ({
    type: 'joined',
    version: 1,
    participant: participant('me'),
    participants: [],
    room,
    permissions: { publish: true, chat: true, rename: true },
    ice_servers: [{ urls: ['stun:127.0.0.1:3478'] }],
    ice_expires_at: '2026-01-01T01:00:00.000Z',
    resume_token: 'again',
    resume_window_ms: 15_000,
    ping_interval_ms: 20_000,
    ...over,
  }) as const satisfies DirectMessage;
