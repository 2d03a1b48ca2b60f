// What turn and gateway say to each other: who may relay, how much, and how much was relayed.

export const RelaySubject = {
  /** Request, turn → gateway: with which passwords may this user name be used? */
  authorizeRelay: 'millrace.ctl.relay.authorize',
  /** Event, gateway → turn: end what this subject has allocated, and refuse it; or look at a whole tenant anew. */
  revokeRelay: 'millrace.ctl.relay.revoke',
  /** Event, turn → all that listen: what an allocation has relayed since the last such event. */
  relayUsage: 'millrace.ctl.relay.usage',
} as const;

export interface AuthorizeRelay {
  /** `expiry:tenant:subject`, already checked to have this form. */
  readonly username: string;
  readonly turnId: string;
}

export const RELAY_REFUSALS = ['unknown_tenant', 'tenant_suspended', 'revoked', 'expired', 'unavailable'] as const;
export type RelayRefusal = (typeof RELAY_REFUSALS)[number];

export interface RelayLimits {
  readonly maxAllocations: number;
  readonly maxAllocationsPerUser: number;
  /** Bits per second, both directions together. */
  readonly maxBitsPerSecond: number;
  readonly maxBitsPerSecondPerAllocation: number;
}

export type AuthorizeRelayAnswer =
  | {
      readonly granted: true;
      readonly tenantId: string;
      readonly subject: string;
      readonly expiresAtMs: number;
      /**
       * What the credential may be: one for each of the tenant's signing keys in force, the newest first. Only of this user
       * name: they open nothing else.
       */
      readonly passwords: readonly string[];
      readonly limits: RelayLimits;
    }
  | { readonly granted: false; readonly refusal: RelayRefusal };

export interface RevokeRelay {
  readonly tenantId: string;
  /** Undefined: a signing key was revoked or the tenant was suspended. Ask about all its users anew, end who is refused. */
  readonly subject: string | undefined;
}

export interface RelayUsage {
  readonly tenantId: string;
  readonly subject: string;
  readonly turnId: string;
  /** Names the allocation within this server. */
  readonly allocation: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** From the client to its peers. */
  readonly sentBytes: number;
  readonly sentPackets: number;
  /** From peers to the client. */
  readonly receivedBytes: number;
  readonly receivedPackets: number;
  /** The allocation is gone. */
  readonly final: boolean;
}
