// What the server asks about a user name, and what it is told: the port behind which the control plane is.
import type { RelayLimits, RelayRefusal } from '@millrace/control';
import type { MetLimit } from '../counters.ts';

export interface RelayGrant {
  readonly tenantId: string;
  readonly subject: string;
  /** Wall clock. */
  readonly expiresAtMs: number;
  /** One for each of the tenant's signing keys in force. */
  readonly passwords: readonly string[];
  readonly limits: RelayLimits;
  /** Where what the tenant and the user have is counted, see QuotaSlots. */
  readonly tenantSlot: number;
  readonly userSlot: number;
  /** Of the span in which this was asked; only where the server traces. */
  readonly traceparent?: string | undefined;
}

export type RelayAnswer =
  | { readonly granted: true; readonly grant: RelayGrant }
  /** `limit`: the limit of this server that was met. */
  | { readonly granted: false; readonly refusal: RelayRefusal; readonly limit?: MetLimit };
