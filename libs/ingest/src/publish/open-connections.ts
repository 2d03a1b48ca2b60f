import type { ConnectionState } from '../metrics/ingest-metrics.ts';
import type { EncoderPeer } from './encoder-peer.ts';

export interface OpenConnection {
  readonly peer: EncoderPeer;
  readonly state: ConnectionState;
}

/** The connections of an edge, on all of its ports, whatever they are doing: counted at each scrape. */
export class OpenConnections {
  readonly #open = new Set<OpenConnection>();

  add(connection: OpenConnection): void {
    this.#open.add(connection);
  }

  remove(connection: OpenConnection): void {
    this.#open.delete(connection);
  }

  all(): Iterable<OpenConnection> {
    return this.#open;
  }
}
