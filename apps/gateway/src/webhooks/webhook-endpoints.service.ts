import { Inject, Injectable } from '@nestjs/common';
import { newId } from '@millrace/domain';
import type { EntityManager } from 'typeorm';
import { recordChange } from '../audit/record-change.ts';
import { listScope, notFound, ownedBy, turnOf } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { markCommit } from '../database/commit-news.ts';
import { Database } from '../database/database.ts';
import { deleteInBatches } from '../database/delete-in-batches.ts';
import { appendEvent, EVENTS_COMMITTED } from '../events/append-event.ts';
import { requireMatch, timeOfChange } from '../etags/entity-tag.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page } from '../http/pages.ts';
import { ProblemError } from '../http/problem-error.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { lockTenant, tenantFor } from '../tenants/tenant-choice.ts';
import { WebhookDeliveryEntity } from './webhook-delivery.entity.ts';
import { writeWebhookDelivery } from './webhook-deliveries.dto.ts';
import type { WebhookDeliveryAnswer } from './webhook-deliveries.dto.ts';
import { WebhookEndpointEntity } from './webhook-endpoint.entity.ts';
import { endpointObject, writeWebhookEndpoint } from './webhook-endpoints.dto.ts';
import type {
  CreateWebhookEndpointBody,
  ListWebhookEndpointsQuery,
  ReplayAnswer,
  ReplayEventsBody,
  UpdateWebhookEndpointBody,
  WebhookEndpointAnswer,
  WebhookEndpointWithSecret,
} from './webhook-endpoints.dto.ts';
import { WebhookSecrets } from './webhook-secrets.ts';
import { newWebhookSecret } from './webhook-signature.ts';
import { checkedTarget, WebhookTargets } from './webhook-targets.ts';

const MS = 1_000;
/** The most events that one request replays, and the most pending deliveries of an endpoint to which requests may add more. */
const MAX_REPLAYED = 10_000;

@Injectable()
export class WebhookEndpointsService {
  readonly #targets: WebhookTargets;

  constructor(
    private readonly database: Database,
    private readonly secrets: WebhookSecrets,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {
    this.#targets = new WebhookTargets(settings.webhookAllowedAddresses);
  }

  async create(caller: Principal, body: CreateWebhookEndpointBody): Promise<WebhookEndpointWithSecret> {
    const tenantId = tenantFor(caller, body.tenant_id);
    const id = newId('whe');
    const secret = newWebhookSecret();
    const now = new Date();
    const row: WebhookEndpointEntity = {
      id,
      tenantId,
      url: checkedTarget(this.#targets, body.url),
      description: body.description,
      eventTypes: [...new Set(body.events)],
      sealed: this.secrets.seal(secret, id),
      previousSealed: null,
      previousExpiresAt: null,
      enabled: true,
      disabledReason: null,
      failingSince: null,
      createdAt: now,
      updatedAt: now,
    };
    await this.database.transaction(
      async (manager) => {
        await lockTenant(manager, tenantId);
        const max = this.settings.maxWebhookEndpointsPerTenant;
        if ((await manager.countBy(WebhookEndpointEntity, { tenantId })) >= max)
          throw new ProblemError('quota_exceeded', `A tenant may have at most ${max} webhook endpoints.`);
        await manager.insert(WebhookEndpointEntity, row);
        await recordChange(manager, caller, { ...placeOf(row), after: endpointObject(row) });
      },
      { turn: turnOf(caller, tenantId) },
    );
    return { ...writeWebhookEndpoint(row), secret };
  }

  async list(caller: Principal, query: ListWebhookEndpointsQuery): Promise<Page<WebhookEndpointAnswer>> {
    const { before, order, take } = pageFind('webhookEndpoint', query);
    const where = { ...before, ...listScope(caller, query.tenant_id) };
    const rows = await this.database.run((manager) => manager.find(WebhookEndpointEntity, { where, order, take }));
    return toPage(rows, query.limit, writeWebhookEndpoint);
  }

  async read(caller: Principal, id: string): Promise<WebhookEndpointAnswer> {
    return writeWebhookEndpoint(await this.database.run((manager) => findEndpoint(manager, caller, id)));
  }

  async update(caller: Principal, id: string, body: UpdateWebhookEndpointBody): Promise<WebhookEndpointAnswer> {
    const url = body.url === undefined ? undefined : checkedTarget(this.#targets, body.url);
    const row = await this.#change(caller, id, (found) => ({
      ...(url !== undefined && { url }),
      ...(body.events !== undefined && { eventTypes: [...new Set(body.events)] }),
      ...(body.description !== undefined && { description: body.description }),
      ...(body.enabled === true && { enabled: true, disabledReason: null, failingSince: null }),
      ...(body.enabled === false && { enabled: false, disabledReason: found.disabledReason ?? 'request' }),
    }));
    return writeWebhookEndpoint(row);
  }

  /** Disables the endpoint first, so that no delivery is added, then deletes its deliveries in batches: there may be millions. */
  async remove(caller: Principal, id: string): Promise<void> {
    await this.#change(caller, id, () => ({ enabled: false }), { isDeletion: true });
    await deleteInBatches(this.database, WebhookDeliveryEntity, { endpointId: id });
    await this.database.run((manager) => manager.delete(WebhookEndpointEntity, { id }));
  }

  /** Replaces the secret. Until the grace period ends, requests are signed with the old one too. */
  async rotateSecret(caller: Principal, id: string, graceSeconds: number): Promise<WebhookEndpointWithSecret> {
    const secret = newWebhookSecret();
    const row = await this.#change(caller, id, (found) => ({
      sealed: this.secrets.seal(secret, id),
      previousSealed: graceSeconds === 0 ? null : found.sealed,
      previousExpiresAt: graceSeconds === 0 ? null : new Date(Date.now() + graceSeconds * MS),
    }));
    return { ...writeWebhookEndpoint(row), secret };
  }

  /** Appends a test event that is delivered to this endpoint only, whatever types it subscribes to. */
  async test(caller: Principal, id: string): Promise<WebhookDeliveryAnswer> {
    return this.database.transaction(
      async (manager) => {
        const row = await findEndpoint(manager, caller, id, true);
        if (!row.enabled) throw new ProblemError('conflict', 'This endpoint is disabled; enable it first.');
        await recordChange(manager, caller, placeOf(row));
        const eventId = await appendEvent(manager, {
          type: 'webhook_endpoint.test',
          tenantId: row.tenantId,
          objectId: id,
          object: endpointObject(row),
          onlyTo: id,
        });
        return writeWebhookDelivery(
          await manager.findOneByOrFail(WebhookDeliveryEntity, { eventId: eventId ?? '', endpointId: id }),
        );
      },
      { turn: turnOf(caller, id) },
    );
  }

  /** Adds a delivery for each event of the time range that the endpoint subscribes to, including those that it has received. */
  async replay(caller: Principal, id: string, { from, to, types }: ReplayEventsBody): Promise<ReplayAnswer> {
    const deliveries = await this.database.transaction(
      async (manager) => {
        const row = await findEndpoint(manager, caller, id, true);
        const events: { id: string; type: string; object_id: string; position: string }[] = await manager.query(
          `SELECT id, type, object_id, position FROM events
           WHERE tenant_id = $1 AND created_at >= $2 AND created_at < $3 AND ($4::text[] IS NULL OR type = ANY($4))
             AND type <> 'webhook_endpoint.test'
             AND ('*' = ANY($5::text[]) OR type = ANY($5) OR split_part(type, '.', 1) || '.*' = ANY($5))
           ORDER BY position LIMIT $6`,
          [row.tenantId, new Date(from), new Date(to), types ?? null, row.eventTypes, MAX_REPLAYED + 1],
        );
        if (events.length > MAX_REPLAYED)
          throw new ProblemError(
            'quota_exceeded',
            `One request replays at most ${MAX_REPLAYED} events: narrow the range.`,
          );
        await refuseTooManyPending(manager, id);
        await insertDeliveries(manager, row, events);
        await recordChange(manager, caller, { ...placeOf(row), after: { from, to, deliveries: events.length } });
        return events.length;
      },
      { turn: turnOf(caller, id) },
    );
    return { deliveries };
  }

  #change(
    caller: Principal,
    id: string,
    values: (row: WebhookEndpointEntity) => Partial<WebhookEndpointEntity>,
    { isDeletion = false } = {},
  ): Promise<WebhookEndpointEntity> {
    return this.database.transaction(
      async (manager) => {
        const found = await findEndpoint(manager, caller, id, true);
        requireMatch(caller, writeWebhookEndpoint(found));
        const changes = { ...values(found), updatedAt: timeOfChange(found.updatedAt) };
        await manager.update(WebhookEndpointEntity, { id }, changes);
        const after = isDeletion ? {} : { after: endpointObject({ ...found, ...changes }) };
        await recordChange(manager, caller, { ...placeOf(found), before: endpointObject(found), ...after });
        // Its deliveries were kept while it was disabled: wake the dispatchers of all gateways.
        if (changes.enabled === true) markCommit(manager, EVENTS_COMMITTED);
        return { ...found, ...changes };
      },
      { turn: turnOf(caller, id) },
    );
  }
}

const placeOf = ({ tenantId, id }: WebhookEndpointEntity) => ({ tenantId, objectId: id });

async function findEndpoint(
  manager: EntityManager,
  caller: Principal,
  id: string,
  lock = false,
): Promise<WebhookEndpointEntity> {
  const row = await manager.findOne(WebhookEndpointEntity, {
    where: { id, ...ownedBy(caller) },
    ...(lock ? { lock: { mode: 'for_no_key_update' } } : {}),
  });
  if (row === null) throw notFound();
  return row;
}

async function insertDeliveries(
  manager: EntityManager,
  { id, tenantId }: WebhookEndpointEntity,
  events: readonly { id: string; type: string; object_id: string; position: string }[],
): Promise<void> {
  if (events.length === 0) return;
  await manager.query(
    `INSERT INTO webhook_deliveries
       (id, tenant_id, endpoint_id, event_id, event_type, object_id, position, status, next_attempt_at, created_at)
     SELECT given.id, $1, $2, given.event_id, given.type, given.object_id, given.position, 'pending', now(), now()
     FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[])
       AS given (id, event_id, type, object_id, position)`,
    [
      tenantId,
      id,
      events.map(() => newId('whd')),
      events.map((event) => event.id),
      events.map((event) => event.type),
      events.map((event) => event.object_id),
      events.map((event) => event.position),
    ],
  );
  markCommit(manager, EVENTS_COMMITTED);
}

/** @throws ProblemError when the endpoint has so many pending deliveries that requests may not add to them */
export async function refuseTooManyPending(manager: EntityManager, endpointId: string): Promise<void> {
  const [row]: { count: number }[] = await manager.query(
    `SELECT count(*)::int AS count FROM
     (SELECT 1 FROM webhook_deliveries WHERE endpoint_id = $1 AND status = 'pending' LIMIT $2) AS waiting`,
    [endpointId, MAX_REPLAYED],
  );
  if ((row?.count ?? 0) >= MAX_REPLAYED)
    throw new ProblemError('quota_exceeded', `An endpoint may have ${MAX_REPLAYED} pending deliveries at most.`);
}
