// Tells other gateways that this one has committed events, and wakes those here who wait for what others have committed.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { CONTROL_PLANE, MAX_COMMITTED_TENANTS } from '@millrace/control';
import type { ControlPlane, EventsCommitted } from '@millrace/control';
import { Database } from '../database/database.ts';
import { EVENTS_COMMITTED, eventsCommittedOf, tenantOfTopic } from './append-event.ts';

/** What is committed in this time after a message goes with the next one. */
const GATHER_MS = 50;

/** Without NATS, or without an answer, readers look by themselves after a while. */
@Injectable()
export class EventNews implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #gatewayId = randomUUID();
  readonly #tenants = new Set<string>();
  /** Whether something was committed since the last message; it need not be of a tenant. */
  #isPending = false;
  #timer: NodeJS.Timeout | undefined;
  #isStopping = false;

  constructor(
    private readonly database: Database,
    @Inject(CONTROL_PLANE) private readonly control: ControlPlane,
  ) {}

  onApplicationBootstrap(): void {
    this.database.commits.follow((topics) => this.#committed(topics));
  }

  /** What is committed last, such as deliveries that are released, is told at once. */
  onApplicationShutdown(): void {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isPending) this.#send();
  }

  /** Another gateway has committed events. */
  receive({ tenantIds, gatewayId }: EventsCommitted): void {
    if (gatewayId === this.#gatewayId) return;
    this.database.commits.wake(new Set([EVENTS_COMMITTED, ...tenantIds.map(eventsCommittedOf)]));
  }

  #committed(topics: ReadonlySet<string>): void {
    if (!topics.has(EVENTS_COMMITTED)) return;
    for (const topic of topics) {
      const tenantId = tenantOfTopic(topic);
      if (tenantId !== undefined) this.#tenants.add(tenantId);
    }
    this.#isPending = true;
    if (this.#timer !== undefined) return;
    this.#send();
    if (this.#isStopping) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#isPending) this.#send();
    }, GATHER_MS).unref();
  }

  #send(): void {
    this.#isPending = false;
    const tenantIds = [...this.#tenants];
    this.#tenants.clear();
    for (let from = 0; from === 0 || from < tenantIds.length; from += MAX_COMMITTED_TENANTS)
      this.control.eventsCommitted({
        tenantIds: tenantIds.slice(from, from + MAX_COMMITTED_TENANTS),
        gatewayId: this.#gatewayId,
      });
  }
}
