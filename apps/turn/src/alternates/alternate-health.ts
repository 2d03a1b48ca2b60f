// What is known of another server by its answers to our Binding requests.
import { Software } from '@millrace/protocol/stun';
import type { StunMessage, TransportAddress } from '@millrace/protocol/stun';

export const ALTERNATE_STATES = ['healthy', 'draining', 'unhealthy'] as const;
export type AlternateState = (typeof ALTERNATE_STATES)[number];

/** So many requests in a row without an answer make a server unhealthy; one answer makes it healthy again. */
const MAX_MISSES = 3;

/** SOFTWARE of a server that drains, in its answers to requests that have SOFTWARE themselves. */
export const DRAINING_SOFTWARE = 'Millrace (draining)';

export class AlternateHealth {
  readonly server: TransportAddress;
  #draining = false;
  #misses = 0;

  constructor(server: TransportAddress) {
    this.server = server;
  }

  /** A server that has not been asked for long enough is taken for a healthy one. */
  get state(): AlternateState {
    if (this.#misses >= MAX_MISSES) return 'unhealthy';
    return this.#draining ? 'draining' : 'healthy';
  }

  answered(answer: StunMessage): void {
    this.#misses = 0;
    this.#draining = answer.get(Software) === DRAINING_SOFTWARE;
  }

  missed(): void {
    this.#misses++;
  }
}

/** The servers to send clients to: those that are healthy; where a family has none of them, those that drain. */
export function usableServers(alternates: readonly AlternateHealth[]): readonly TransportAddress[] {
  const inState = (state: AlternateState): TransportAddress[] =>
    alternates.filter((each) => each.state === state).map(({ server }) => server);
  const healthy = inState('healthy');
  const draining = inState('draining');
  return [...healthy, ...draining.filter(({ family }) => !healthy.some((each) => each.family === family))];
}
