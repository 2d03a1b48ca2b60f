// How much of their quotas tenants use now, as far as one gateway can tell.
import { Inject, Injectable } from '@nestjs/common';
import { MEASURED_QUOTAS } from '@millrace/domain';
import type { MeasuredQuota } from '@millrace/domain';
import { PRESENCE_STORE } from '@millrace/live-store';
import type { PresenceStore } from '@millrace/live-store';
import { Database } from '../database/database.ts';
import { EgressOfMonth } from './egress-of-month.ts';
import { USAGE_CODE_LIMITS } from '../usage/usage-limits.ts';
import type { QuotaName } from './quota-names.ts';

/** So many open rooms are asked for their participants at once. */
const ROOMS_AT_ONCE = 500;

/** What is not in it is not known. */
export type QuotaUse = Partial<Readonly<Record<QuotaName, number>>>;

@Injectable()
export class QuotaUses {
  constructor(
    private readonly database: Database,
    private readonly egress: EgressOfMonth,
    @Inject(PRESENCE_STORE) private readonly presence: PresenceStore,
  ) {}

  async of(tenantIds: readonly string[], nowMs: number): Promise<ReadonlyMap<string, QuotaUse>> {
    const egress = await this.egress.of(tenantIds, nowMs);
    const live = await this.#liveStreams(tenantIds);
    const rooms = await this.#rooms(tenantIds);
    const measured = await this.#measured(tenantIds);
    return new Map(
      tenantIds.map((id) => [
        id,
        {
          live_streams: live.get(id) ?? 0,
          egress_bytes_per_month: egress.get(id) ?? 0,
          ...measured(id),
          ...(rooms && (rooms.get(id) ?? { rooms: 0, participants: 0 })),
        },
      ]),
    );
  }

  /** Of what each process measures, the largest value counts. Processes say nothing of tenants that use nothing. */
  async #measured(tenantIds: readonly string[]): Promise<(tenantId: string) => Record<MeasuredQuota, number>> {
    const rows = await this.database.run((manager) =>
      manager.query<{ tenant_id: string; quota: MeasuredQuota; used: number }[]>(
        `SELECT tenant_id, quota, max(used) AS used FROM quota_readings
         WHERE tenant_id = ANY($1::text[]) AND measured_at > now() - $2 * interval '1 millisecond'
         GROUP BY tenant_id, quota`,
        [tenantIds, USAGE_CODE_LIMITS.readingValidMs],
      ),
    );
    const used = new Map(rows.map((row) => [`${row.tenant_id} ${row.quota}`, row.used]));
    return (tenantId) =>
      Object.fromEntries(MEASURED_QUOTAS.map((quota) => [quota, used.get(`${tenantId} ${quota}`) ?? 0])) as Record<
        MeasuredQuota,
        number
      >;
  }

  async #liveStreams(tenantIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const rows = await this.database.run((manager) =>
      manager.query<{ tenant_id: string; count: number }[]>(
        `SELECT tenant_id, count(*)::int AS count FROM sessions
         WHERE tenant_id = ANY($1::text[]) AND ended_at IS NULL GROUP BY tenant_id`,
        [tenantIds],
      ),
    );
    return new Map(rows.map(({ tenant_id: id, count }) => [id, count]));
  }

  /** @returns undefined while presence does not answer */
  async #rooms(tenantIds: readonly string[]) {
    const rows = await this.database.run((manager) =>
      manager.query<{ id: string; tenant_id: string }[]>(
        `SELECT id, tenant_id FROM rooms WHERE tenant_id = ANY($1::text[]) AND started_at IS NOT NULL
         AND (finished_at IS NULL OR finished_at < started_at)`,
        [tenantIds],
      ),
    );
    const uses = new Map<string, { rooms: number; participants: number }>();
    try {
      for (let from = 0; from < rows.length; from += ROOMS_AT_ONCE) {
        const some = rows.slice(from, from + ROOMS_AT_ONCE);
        for (const room of await this.presence.openRooms(some.map(({ id }) => id))) {
          if (room === undefined) continue;
          const use = uses.get(room.tenantId) ?? { rooms: 0, participants: 0 };
          uses.set(room.tenantId, { rooms: use.rooms + 1, participants: use.participants + room.participants });
        }
      }
    } catch {
      return undefined;
    }
    return uses;
  }
}
