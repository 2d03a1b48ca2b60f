// RFC 8656 section 12: a number of two bytes that stands for a peer.
import type { Permission } from './permission.ts';

/** Section 12: "Channel bindings last for 10 minutes unless refreshed". */
const CHANNEL_LIFETIME_MS = 600_000;

export class ChannelBinding {
  readonly number: number;
  readonly permission: Permission;
  readonly port: number;
  expiresAtMs: number;

  constructor(number: number, permission: Permission, port: number, nowMs: number) {
    this.number = number;
    this.permission = permission;
    this.port = port;
    this.expiresAtMs = nowMs + CHANNEL_LIFETIME_MS;
  }

  refresh(nowMs: number): void {
    this.expiresAtMs = nowMs + CHANNEL_LIFETIME_MS;
  }
}
