// The relaying threads of a server: opens their ports, tells them what changes, and answers what they ask.
import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { LOGGER, METRICS } from '@millrace/service-kit';
import type { CertificateWatcher, Logger, Metrics } from '@millrace/service-kit';
import type { TurnAddresses } from '../addresses.ts';
import { PortPool } from '../allocation/port-pool.ts';
import { Reservations } from '../allocation/reservations.ts';
import { NONCE_KEY_BYTES } from '../auth/nonce.ts';
import type { Counters } from '../counters.ts';
import { QuotaSlots } from '../limits/quota-slots.ts';
import { collectCounters } from '../metrics/turn-metrics.ts';
import { RelayAuthorization } from '../relay-authorization.ts';
import { RelayUsageReporter } from '../relay-usage.ts';
import type { TurnSettings } from '../settings.ts';
import { TURN_ADDRESSES, TURN_CERTIFICATE, TURN_COUNTERS, TURN_SETTINGS } from '../turn-options.ts';
import { workerInOwnThread, workerInThisThread } from './worker-link.ts';
import type { WorkerLink } from './worker-link.ts';
import type { FromWorker, OpenedPorts, ToWorker } from './worker-messages.ts';

@Injectable()
export class RelayWorkers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #workers: readonly WorkerLink[] = [];
  #opened: OpenedPorts | undefined;
  #stopCollecting: (() => void) | undefined;

  constructor(
    @Inject(TURN_SETTINGS) private readonly settings: TurnSettings,
    @Inject(TURN_ADDRESSES) private readonly addresses: TurnAddresses,
    @Inject(TURN_COUNTERS) private readonly counters: readonly Counters[],
    private readonly ports: PortPool,
    private readonly quotas: QuotaSlots,
    @Inject(TURN_CERTIFICATE) private readonly certificate: CertificateWatcher | undefined,
    private readonly authorization: RelayAuthorization,
    private readonly usage: RelayUsageReporter,
    @Inject(METRICS) private readonly metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The ports that were opened; undefined before the application has started. */
  get opened(): OpenedPorts | undefined {
    return this.#opened;
  }

  /** Number of current allocations, over all threads. */
  get allocations(): number {
    return this.counters.reduce((sum, each) => sum + each.read('allocations'), 0);
  }

  /** @throws when a port cannot be had */
  async onApplicationBootstrap(): Promise<void> {
    const { settings } = this;
    const nonceKey = Uint8Array.from(randomBytes(NONCE_KEY_BYTES));
    const shared = settings.turnThreads > 1;
    const create = shared ? workerInOwnThread : workerInThisThread;
    const memory = {
      ports: this.ports.memory,
      reservations: new Reservations().memory,
      quotas: this.quotas.memory,
    };
    this.#workers = this.counters.map((counters, index) =>
      create(
        {
          index,
          shared,
          ...this.addresses,
          nonceKey,
          certificate: this.certificate?.certificate,
          memory: { ...memory, counters: counters.memory },
          settings,
        },
        (message) => this.#hear(index, message),
      ),
    );
    const opened = await Promise.all(this.#workers.map((worker) => worker.start()));
    this.#opened = opened[0]!;
    this.certificate?.start(settings.turnTlsReloadMs, (certificate) =>
      this.tellAll({ kind: 'certificate', certificate }),
    );
    this.#stopCollecting = collectCounters(this.metrics, this.counters, this.ports);
  }

  /** Refuses new allocations from now on; existing ones continue and can be refreshed. */
  drain(): void {
    this.certificate?.stop();
    this.tellAll({ kind: 'drain' });
  }

  /** After the drain: Nest stops what depends on the threads first. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    this.#workers = [];
    this.#stopCollecting?.();
  }

  tellAll(message: ToWorker): void {
    for (const worker of this.#workers) worker.tell(message);
  }

  #hear(index: number, message: FromWorker): void {
    switch (message.kind) {
      case 'ask':
        return void this.#answer(index, message.username);
      case 'usage':
        return this.usage.report(message.usage);
      case 'skipped':
        return this.logger.warn({ host: message.host, reason: message.reason }, 'not listening on this address');
      case 'batches':
        if (index > 0) return undefined;
        return this.logger.info(
          { udp_batches: message.inUse },
          message.inUse ? 'many datagrams in one system call' : 'one datagram in each system call',
        );
      case 'batches_denied':
        return this.logger.warn(
          { thread: index },
          'sendmmsg is denied on this machine: one datagram in each system call',
        );
      default:
        return undefined;
    }
  }

  async #answer(index: number, username: string): Promise<void> {
    const answer = await this.authorization.ask(username);
    this.#workers[index]?.tell({ kind: 'answered', username, answer });
  }
}
