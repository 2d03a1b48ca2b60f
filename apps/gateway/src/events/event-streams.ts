// The open event streams of this gateway, and the share that each tenant has of them.
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { requireScope } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Authenticator } from '../api-keys/authenticator.ts';
import { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import { ProblemError } from '../http/problem-error.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { EVENTS_COMMITTED, eventsCommittedOf } from './append-event.ts';
import { streamEvents } from './event-stream.ts';
import type { FollowEventsQuery } from './events.dto.ts';
import { EventsService } from './events.service.ts';
import type { EventPlace } from './events.service.ts';

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // nginx would buffer small events.
  'x-accel-buffering': 'no',
};
const RETRY_AFTER_S = 5;
const OPERATOR = 'operator';

interface Client {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

@Injectable()
export class EventStreams implements BeforeApplicationShutdown {
  readonly #open = new Map<string, number>();
  readonly #stop = new AbortController();
  #count = 0;

  constructor(
    private readonly events: EventsService,
    private readonly database: Database,
    private readonly authenticator: Authenticator,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  /** @param lastEventId the newest event that the client knows; undefined: it begins with the next event */
  async serve(
    caller: Principal,
    query: FollowEventsQuery,
    lastEventId: string | undefined,
    { request, reply }: Client,
  ): Promise<void> {
    const filter = this.events.filterOf(caller, query);
    const after =
      lastEventId === undefined ? await this.events.newestPlace() : await this.events.placeOf(caller, lastEventId);
    const topic = filter.tenantId === undefined ? EVENTS_COMMITTED : eventsCommittedOf(filter.tenantId);
    const owner = caller.kind === 'tenant' ? caller.tenantId : OPERATOR;
    this.#take(owner);
    try {
      reply.hijack();
      const headers = Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined);
      reply.raw.writeHead(200, { ...(Object.fromEntries(headers) as Record<string, string>), ...HEADERS });
      reply.raw.flushHeaders();
      const source = {
        check: async () => requireScope(await this.authenticator.authenticateRequest(request), 'events:read'),
        follow: (place: EventPlace, limit: number) => this.events.follow(filter, place, limit),
        listen: (listener: () => void) => this.database.commits.listen(topic, listener),
      };
      await streamEvents(reply.raw, source, after, this.settings.eventHeartbeatMs, this.#stop.signal);
      reply.raw.end();
    } catch (error) {
      // The client connects again by itself, and says which event it has seen.
      reply.raw.destroy();
      if (!(error instanceof DatabaseUnavailable || error instanceof ProblemError)) throw error;
    } finally {
      this.#release(owner);
    }
  }

  beforeApplicationShutdown(): void {
    this.#stop.abort();
  }

  #take(owner: string): void {
    const own = this.#open.get(owner) ?? 0;
    const { maxEventStreams: max, maxEventStreamsPerTenant: maxOwn } = this.settings;
    if (this.#count >= max || own >= maxOwn)
      throw new ProblemError(
        'too_many_requests',
        own >= maxOwn
          ? `A tenant may have at most ${maxOwn} event streams open on one gateway.`
          : 'This gateway has reached its limit of open event streams.',
        { headers: { 'retry-after': String(RETRY_AFTER_S) } },
      );
    this.#open.set(owner, own + 1);
    this.#count++;
  }

  #release(owner: string): void {
    this.#count--;
    const own = (this.#open.get(owner) ?? 1) - 1;
    if (own === 0) this.#open.delete(owner);
    else this.#open.set(owner, own);
  }
}
