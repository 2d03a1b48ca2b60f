// One request that is looked at.
import type { StunMessage } from '@millrace/protocol/stun';
import type { Credential, ProvenKey } from '../auth/credential.ts';
import type { ClientFlow } from '../allocation/client-flow.ts';

export interface Exchange {
  readonly flow: ClientFlow;
  readonly request: StunMessage;
  readonly nowMs: number;
}

/** A request whose sender has proved to be a user. */
export interface ProvenExchange extends Exchange {
  readonly credential: Credential;
  readonly proven: ProvenKey;
}
