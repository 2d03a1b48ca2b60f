// RFC 8656 section 9: which peers may send to an allocation, and be sent to. By address: ports do not count.
import type { TransportAddress } from '@millrace/protocol/stun';
import type { ChannelBinding } from './channel-binding.ts';
import type { Relay } from './relay.ts';

/** Section 9: "The Permission Lifetime MUST be 300 seconds". */
const PERMISSION_LIFETIME_MS = 300_000;

export class Permission {
  readonly address: string;
  readonly family: TransportAddress['family'];
  readonly relay: Relay;
  /** The address is one of this machine: then each port is judged too. */
  readonly isOwn: boolean;
  /** The channels to this address, by port. */
  readonly channels = new Map<number, ChannelBinding>();
  expiresAtMs: number;

  constructor(address: string, relay: Relay, isOwn: boolean, nowMs: number) {
    this.address = address;
    this.family = relay.family;
    this.relay = relay;
    this.isOwn = isOwn;
    this.expiresAtMs = nowMs + PERMISSION_LIFETIME_MS;
  }

  refresh(nowMs: number): void {
    this.expiresAtMs = nowMs + PERMISSION_LIFETIME_MS;
  }
}
