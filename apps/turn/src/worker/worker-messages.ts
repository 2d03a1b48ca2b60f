// What the process and each of its relaying threads say to each other.
import type { TransportAddress } from '@millrace/protocol/stun';
import type { Certificate } from '@millrace/service-kit';
import type { RelayAnswer } from '../auth/relay-authorizer.ts';
import type { AllocationUsage } from '../allocation/upkeep.ts';
import type { TurnSettings } from '../settings.ts';
import type { RelayAddresses } from '../transport/socket-relays.ts';

/** What a thread starts with. Everything can be sent to it. */
export interface WorkerSetup {
  readonly index: number;
  readonly settings: TurnSettings;
  /** Whether other threads listen on the same ports. */
  readonly shared: boolean;
  readonly relays: RelayAddresses;
  readonly machine: readonly string[];
  readonly nonceKey: Uint8Array;
  readonly certificate: Certificate | undefined;
  readonly memory: {
    readonly ports: SharedArrayBuffer;
    readonly reservations: SharedArrayBuffer;
    readonly quotas: SharedArrayBuffer;
    readonly counters: SharedArrayBuffer;
  };
}

export type ToWorker =
  | { readonly kind: 'answered'; readonly username: string; readonly answer: RelayAnswer }
  | { readonly kind: 'revoke'; readonly tenantId: string; readonly subject: string | undefined }
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'alternates'; readonly servers: readonly TransportAddress[] }
  | { readonly kind: 'drain' }
  | { readonly kind: 'stop' };

export interface OpenedPorts {
  readonly udp: number;
  readonly tcp: number;
  readonly tls: number | undefined;
}

export type FromWorker =
  | { readonly kind: 'listening'; readonly ports: OpenedPorts }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'ask'; readonly username: string }
  | { readonly kind: 'usage'; readonly usage: AllocationUsage }
  | { readonly kind: 'skipped'; readonly host: string; readonly reason: string }
  /** Whether many datagrams are received and sent in one system call. */
  | { readonly kind: 'batches'; readonly inUse: boolean }
  | { readonly kind: 'batches_denied' }
  | { readonly kind: 'stopped' };
