// What the server itself is set to; addresses and sockets are not its business.
import type { TransportAddress } from '@millrace/protocol/stun';
import type { AnswerRate } from './limits/answer-limiter.ts';

export interface CoreSettings {
  readonly realm: string;
  /** Lifetime of an allocation whose client asks for less, or for none; and the longest one. */
  readonly defaultLifetimeMs: number;
  readonly maxLifetimeMs: number;
  /** Of the whole server, over all threads. */
  readonly maxAllocations: number;
  readonly maxPermissions: number;
  readonly maxChannels: number;
  /** The highest number that a channel may have. */
  readonly maxChannelNumber: number;
  /** Answers to one address that has not proved itself: errors, and STUN bindings. */
  readonly answerRate: AnswerRate;
  readonly bindingRate: AnswerRate;
  /** Questions to the gateway for the sake of one address, about names that no user has. */
  readonly askRate: AnswerRate;
  /** How much larger than its request an unauthenticated error may be. */
  readonly maxAmplification: number;
  /** Where clients are sent while the server drains, until more is known of these servers. */
  readonly alternateServers: readonly TransportAddress[];
  readonly usageMs: number;
  readonly connectMs: number;
  /** Whether clients may take an allocation along to another address (RFC 8016). */
  readonly mobility: boolean;
  /** How long an allocation waits for a client whose connection is gone and that has a ticket. */
  readonly moveMs: number;
  readonly maxPeerConnections: number;
}
