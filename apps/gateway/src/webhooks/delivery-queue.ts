// Pending deliveries in PostgreSQL: each is claimed by one gateway at a time, and the claim ends when its attempt is written.
import { Injectable } from '@nestjs/common';
import { isMissingReference } from '../database/database.errors.ts';
import { Database } from '../database/database.ts';
import { markCommit } from '../database/commit-news.ts';
import { appendEvent, EVENTS_COMMITTED } from '../events/append-event.ts';
import { EventEntity } from '../events/event.entity.ts';
import type { EventBody } from '../events/event.entity.ts';
import { DISABLE_AFTER_MS, retryPauseMs } from './delivery-schedule.ts';
import { WebhookAttemptEntity } from './webhook-delivery.entity.ts';
import { WebhookEndpointEntity } from './webhook-endpoint.entity.ts';
import type { DisabledReason } from './webhook-endpoint.entity.ts';
import type { Attempt } from './webhook-sender.ts';
import { endpointObject } from './webhook-endpoints.dto.ts';

/** How many of an endpoint's due deliveries are considered, those that have been due for longest; the others wait. */
const LOOKED_AT = 500;
/** A delivery holds up the next one of the same object until it has failed this many times: five and a half minutes. */
const HOLDS_UP_ATTEMPTS = 4;
/** RFC 9110 §15.5.11: the endpoint is gone and will not come back. */
const GONE = 410;

export interface ClaimedDelivery {
  readonly id: string;
  readonly tenantId: string;
  readonly endpointId: string;
  readonly eventId: string;
  readonly attempt: number;
}

export interface ClaimLimits {
  /** Of this gateway, including what it is sending already; likewise below. */
  readonly atOnce: number;
  readonly perTenant: number;
  readonly perEndpoint: number;
  /** How long a claim is valid. */
  readonly leaseMs: number;
}

/** The oldest due deliveries of each endpoint, but none that an earlier one of the same object holds up, within the shares. */
const CLAIM = `
  UPDATE webhook_deliveries AS claimed
  SET attempts = attempts + 1, next_attempt_at = now() + $10 * interval '1 millisecond'
  FROM (
    SELECT id FROM webhook_deliveries
    WHERE status = 'pending' AND next_attempt_at <= now() AND id IN (
      SELECT id FROM (
        SELECT due.id,
          row_number() OVER (PARTITION BY endpoint.id ORDER BY due.position)
            + coalesce(of_endpoint.sending, 0) AS turn_of_endpoint,
          row_number() OVER (PARTITION BY endpoint.tenant_id ORDER BY due.position)
            + coalesce(of_tenant.sending, 0) AS turn_of_tenant
        FROM webhook_endpoints AS endpoint
        CROSS JOIN LATERAL (
          SELECT oldest.id, oldest.position FROM (
            SELECT id, object_id, position FROM webhook_deliveries
            WHERE endpoint_id = endpoint.id AND status = 'pending' AND next_attempt_at <= now()
            ORDER BY next_attempt_at LIMIT $1) AS oldest
          WHERE NOT EXISTS (
            SELECT 1 FROM webhook_deliveries AS earlier
            WHERE earlier.endpoint_id = endpoint.id AND earlier.object_id = oldest.object_id
              AND earlier.status = 'pending' AND earlier.position < oldest.position AND earlier.attempts < $2)
          ORDER BY oldest.position LIMIT $5) AS due
        LEFT JOIN unnest($3::text[], $4::int[]) AS of_endpoint (id, sending) ON of_endpoint.id = endpoint.id
        LEFT JOIN unnest($6::text[], $7::int[]) AS of_tenant (id, sending) ON of_tenant.id = endpoint.tenant_id
        WHERE endpoint.enabled) AS candidate
      WHERE turn_of_endpoint <= $5 AND turn_of_tenant <= $8
      ORDER BY turn_of_tenant LIMIT $9)
    FOR UPDATE SKIP LOCKED) AS free
  WHERE claimed.id = free.id
  RETURNING claimed.id, claimed.tenant_id AS "tenantId", claimed.endpoint_id AS "endpointId",
    claimed.event_id AS "eventId", claimed.attempts AS attempt`;

const UNTIL_NEXT = `
  SELECT (extract(epoch FROM min(next.at) - now()) * 1000)::float8 AS ms
  FROM webhook_endpoints AS endpoint
  CROSS JOIN LATERAL (
    SELECT next_attempt_at AS at FROM webhook_deliveries
    WHERE endpoint_id = endpoint.id AND status = 'pending' AND next_attempt_at > now()
    ORDER BY next_attempt_at LIMIT 1) AS next
  WHERE endpoint.enabled`;

@Injectable()
export class DeliveryQueue {
  constructor(private readonly database: Database) {}

  /**
   * Claims due deliveries. A claim that is not ended in time, because its gateway is gone, is due again.
   *
   * @param sending what this gateway is sending already
   */
  async claim(sending: readonly ClaimedDelivery[], limits: ClaimLimits): Promise<ClaimedDelivery[]> {
    const byEndpoint = countBy(sending, ({ endpointId }) => endpointId);
    const byTenant = countBy(sending, ({ tenantId }) => tenantId);
    const [rows] = await this.database.run((manager) =>
      manager.query<[ClaimedDelivery[], number]>(CLAIM, [
        LOOKED_AT,
        HOLDS_UP_ATTEMPTS,
        [...byEndpoint.keys()],
        [...byEndpoint.values()],
        limits.perEndpoint,
        [...byTenant.keys()],
        [...byTenant.values()],
        limits.perTenant,
        limits.atOnce - sending.length,
        limits.leaseMs,
      ]),
    );
    return rows;
  }

  /** How long until the next delivery that is not due yet; undefined when there is none. */
  async untilNextMs(): Promise<number | undefined> {
    const [row] = await this.database.run((manager) => manager.query<{ ms: number | null }[]>(UNTIL_NEXT));
    return row?.ms === null || row?.ms === undefined ? undefined : Math.max(0, Math.ceil(row.ms));
  }

  /** What a claimed delivery needs; undefined when its endpoint or event is gone. */
  async read(
    claimed: ClaimedDelivery,
  ): Promise<{ readonly endpoint: WebhookEndpointEntity; readonly body: EventBody } | undefined> {
    return this.database.run(async (manager) => {
      const endpoint = await manager.findOneBy(WebhookEndpointEntity, { id: claimed.endpointId });
      const event = await manager.findOneBy(EventEntity, { id: claimed.eventId });
      return endpoint === null || event === null ? undefined : { endpoint, body: event.body };
    });
  }

  /** Releases a claim as if there had been no attempt: the gateway is stopping. */
  async release({ id, attempt }: ClaimedDelivery): Promise<void> {
    await this.database.transaction(async (manager) => {
      await manager.query(
        `UPDATE webhook_deliveries SET attempts = attempts - 1, next_attempt_at = now()
         WHERE id = $1 AND attempts = $2 AND status = 'pending'`,
        [id, attempt],
      );
      markCommit(manager, EVENTS_COMMITTED);
    });
  }

  /** Records an attempt and its consequence: the end of the delivery, a next attempt, or a disabled endpoint. */
  async finish(claimed: ClaimedDelivery, url: string, startedAtMs: number, attempt: Attempt): Promise<void> {
    const nowMs = Date.now();
    const pause = attempt.error === null ? undefined : retryPauseMs(claimed.attempt);
    const isOver = attempt.error === null || pause === undefined || attempt.statusCode === GONE;
    try {
      await this.database.transaction(async (manager) => {
        // The endpoint is locked first, as where it is deleted: in another order the two would deadlock.
        const where = { id: claimed.endpointId };
        const endpoint = await manager.findOne(WebhookEndpointEntity, {
          where,
          lock: { mode: 'for_no_key_update' },
        });
        if (endpoint === null) return;
        const row = {
          deliveryId: claimed.id,
          attempt: claimed.attempt,
          url,
          startedAt: new Date(startedAtMs),
          durationMs: nowMs - startedAtMs,
          ...attempt,
        };
        await manager.upsert(WebhookAttemptEntity, row, ['deliveryId', 'attempt']);
        await manager.query(
          `UPDATE webhook_deliveries SET status = $2::text, next_attempt_at = $3, last_status_code = $4, last_error = $5, finished_at = $6
           WHERE id = $1 AND status = 'pending' AND (attempts = $7 OR $2::text = 'succeeded')`,
          [
            claimed.id,
            isOver ? (attempt.error === null ? 'succeeded' : 'failed') : 'pending',
            isOver || pause === undefined ? null : new Date(nowMs + pause),
            attempt.statusCode,
            attempt.error,
            isOver ? new Date(nowMs) : null,
            // When this one is late, the newer claim decides.
            claimed.attempt,
          ],
        );
        if (attempt.error === null) {
          if (endpoint.failingSince !== null)
            await manager.update(WebhookEndpointEntity, where, { failingSince: null });
          return;
        }
        const failingSince = endpoint.failingSince ?? new Date(startedAtMs);
        const reason = reasonToDisable(attempt, failingSince, nowMs);
        if (reason === undefined || !endpoint.enabled)
          return void (await manager.update(WebhookEndpointEntity, where, { failingSince }));
        const changes = { failingSince, enabled: false, disabledReason: reason, updatedAt: new Date(nowMs) };
        await manager.update(WebhookEndpointEntity, where, changes);
        await appendEvent(manager, {
          type: 'webhook_endpoint.disabled',
          tenantId: endpoint.tenantId,
          objectId: endpoint.id,
          object: endpointObject({ ...endpoint, ...changes }),
        });
      });
    } catch (error) {
      // The endpoint, the event or the tenant was deleted meanwhile, and the delivery with it.
      if (!isMissingReference(error)) throw error;
    }
  }
}

function reasonToDisable(attempt: Attempt, failingSince: Date, nowMs: number): DisabledReason | undefined {
  if (attempt.statusCode === GONE) return 'gone';
  return nowMs - failingSince.getTime() >= DISABLE_AFTER_MS ? 'failing' : undefined;
}

function countBy(
  sending: readonly ClaimedDelivery[],
  idOf: (delivery: ClaimedDelivery) => string,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const delivery of sending) counts.set(idOf(delivery), (counts.get(idOf(delivery)) ?? 0) + 1);
  return counts;
}
