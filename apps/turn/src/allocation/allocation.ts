// RFC 8656 section 6: what a client has on the server.
import type { TransportAddress } from '@millrace/protocol/stun';
import type { Credential } from '../auth/credential.ts';
import type { ClientFlow } from './client-flow.ts';
import type { ChannelBinding } from './channel-binding.ts';
import type { Permission } from './permission.ts';
import type { Relay } from './relay.ts';
import type { Traffic } from './traffic.ts';

export interface AllocationFacts {
  /** Names it within this server: in logs and usage events. */
  readonly name: string;
  readonly flow: ClientFlow;
  readonly credential: Credential;
  readonly transport: 'udp' | 'tcp';
  readonly traffic: Traffic;
}

/** A user name, which may be a renewed one of the same subject, and the key that one of its passwords makes. */
export interface AllocationProof {
  readonly username: string;
  readonly key: Buffer;
}

export class Allocation {
  readonly name: string;
  /** The user who made it: no other may use it (section 5: 441 otherwise). */
  readonly credential: Credential;
  /** What the relay speaks with peers. */
  readonly transport: 'udp' | 'tcp';
  readonly traffic: Traffic;
  /** Where its client is now: it may move (RFC 8016). */
  flow: ClientFlow;
  readonly relays: Relay[] = [];
  /** By address, of both families. */
  readonly permissions = new Map<string, Permission>();
  readonly channels = new Map<number, ChannelBinding>();
  ended = false;
  /** What its newest request was proved with. */
  proof: AllocationProof | undefined;

  constructor(facts: AllocationFacts) {
    this.name = facts.name;
    this.flow = facts.flow;
    this.credential = facts.credential;
    this.transport = facts.transport;
    this.traffic = facts.traffic;
  }

  relayOf(family: TransportAddress['family']): Relay | undefined {
    return this.relays.find((relay) => relay.family === family);
  }

  /** When the last of its relays ends. */
  get expiresAtMs(): number {
    return Math.max(...this.relays.map((relay) => relay.expiresAtMs));
  }

  /** The permission for an address, unless there is none in force. */
  permitted(address: string, nowMs: number): Permission | undefined {
    const permission = this.permissions.get(address);
    return permission !== undefined && permission.expiresAtMs > nowMs ? permission : undefined;
  }

  /** The peer behind a channel number, unless there is none in force. */
  channel(number: number, nowMs: number): ChannelBinding | undefined {
    const binding = this.channels.get(number);
    return binding !== undefined && binding.expiresAtMs > nowMs ? binding : undefined;
  }
}
