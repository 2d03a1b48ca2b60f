// The typed client that relays and gateways hold to speak of relay credentials.
import type { AuthorizeRelay, AuthorizeRelayAnswer, RelayUsage, RevokeRelay } from './relay-messages.ts';

export interface RelayControl {
  /** Asks a gateway for a user name's passwords. Tries again within `timeoutMs`; then the answer is `unavailable`. */
  authorizeRelay(request: AuthorizeRelay, timeoutMs: number): Promise<AuthorizeRelayAnswer>;
  revokeRelay(event: RevokeRelay): void;
  relayUsage(event: RelayUsage): void;
}

/** The injection token of this client. */
export const RELAY_CONTROL = Symbol('RelayControl');
