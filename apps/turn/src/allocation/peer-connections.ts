// RFC 6062: the connections between an allocation and its peers, from the first packet to the end.
import { randomInt } from 'node:crypto';
import type { Counters } from '../counters.ts';
import type { PeerStream } from './tcp-relay.ts';
import type { Allocation } from './allocation.ts';
import type { Expiring, ExpiryWheel } from './expiry-wheel.ts';

/** Section 5.3: "If no ConnectionBind request … is received within 30 seconds, the peer data connection MUST be closed". */
const BIND_TIMEOUT_MS = 30_000;
const MAX_ID = 2 ** 32;

export interface PeerConnection {
  /** Undefined while it is being made. */
  readonly id: number | undefined;
  readonly allocation: Allocation;
  readonly stream: PeerStream | undefined;
}

class Connection implements PeerConnection, Expiring {
  id: number | undefined;
  stream: PeerStream | undefined;
  expiresAtMs = 0;
  readonly allocation: Allocation;
  readonly peer: string;
  readonly #onTimeout: () => void;

  constructor(allocation: Allocation, peer: string, onTimeout: () => void) {
    this.allocation = allocation;
    this.peer = peer;
    this.#onTimeout = onTimeout;
  }

  expire(): void {
    this.#onTimeout();
  }
}

export class PeerConnections {
  readonly #wheel: ExpiryWheel;
  readonly #counters: Counters;
  readonly #maxPerAllocation: number;
  /** Those that wait for their client. */
  readonly #waiting = new Map<number, Connection>();
  readonly #ofAllocation = new Map<Allocation, Map<string, Connection>>();

  constructor(wheel: ExpiryWheel, counters: Counters, maxPerAllocation: number) {
    this.#wheel = wheel;
    this.#counters = counters;
    this.#maxPerAllocation = maxPerAllocation;
  }

  has(allocation: Allocation, peer: string): boolean {
    return this.#ofAllocation.get(allocation)?.has(peer) === true;
  }

  /** Takes a place for a connection that is to be made, or has come. @returns undefined when there is none left */
  reserve(allocation: Allocation, peer: string): PeerConnection | undefined {
    const theirs = this.#ofAllocation.get(allocation) ?? new Map<string, Connection>();
    if (theirs.size >= this.#maxPerAllocation) {
      this.#counters.met('max_peer_connections');
      return undefined;
    }
    const connection = new Connection(allocation, peer, () => this.end(connection));
    theirs.set(peer, connection);
    this.#ofAllocation.set(allocation, theirs);
    this.#counters.add('peerConnections');
    return connection;
  }

  /** The connection is there. @returns the id by which its client asks for it */
  opened(reserved: PeerConnection, stream: PeerStream, nowMs: number): number {
    const connection = reserved as Connection;
    let id = randomInt(MAX_ID);
    while (this.#waiting.has(id)) id = randomInt(MAX_ID);
    connection.id = id;
    connection.stream = stream;
    connection.expiresAtMs = nowMs + BIND_TIMEOUT_MS;
    stream.onClosed = () => this.end(connection);
    this.#waiting.set(id, connection);
    this.#wheel.add(connection);
    return id;
  }

  /** The one that waits under this id; it waits no longer. */
  take(id: number): PeerConnection | undefined {
    const connection = this.#waiting.get(id);
    if (!connection) return undefined;
    this.#waiting.delete(id);
    this.#wheel.remove(connection);
    return connection;
  }

  find(id: number): PeerConnection | undefined {
    return this.#waiting.get(id);
  }

  /** Closes it and gives its place back, once. */
  end(ended: PeerConnection): void {
    const connection = ended as Connection;
    const theirs = this.#ofAllocation.get(connection.allocation);
    if (theirs?.get(connection.peer) !== connection) return;
    theirs.delete(connection.peer);
    if (theirs.size === 0) this.#ofAllocation.delete(connection.allocation);
    this.#counters.add('peerConnections', -1);
    if (connection.id !== undefined && this.#waiting.get(connection.id) === connection) this.take(connection.id);
    connection.stream?.close();
  }

  /** Section 5: with an allocation end all of its connections. */
  endAll(allocation: Allocation): void {
    for (const connection of [...(this.#ofAllocation.get(allocation)?.values() ?? [])]) this.end(connection);
  }
}
