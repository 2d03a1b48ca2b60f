// How much of their quotas tenants use now, as far as one gateway can tell.
import { Inject, Injectable } from '@nestjs/common';
import { MEASURED_QUOTAS } from '@millrace/domain';
import type { MeasuredQuota } from '@millrace/domain';
import { LIVE_STORE, PRESENCE_STORE } from '@millrace/live-store';
import type { LiveStore, PresenceStore } from '@millrace/live-store';
import { Database } from '../database/database.ts';
import { EgressOfMonth } from './egress-of-month.ts';
import { USAGE_CODE_LIMITS } from '../usage/usage-limits.ts';
import type { QuotaName } from './quota-names.ts';

/** So many open rooms are asked for their participants at once. */
const ROOMS_AT_ONCE = 500;
/** So many playback ids for their viewers. */
const PLAYBACK_IDS_AT_ONCE = 500;

/** What is not in it is not known. */
export type QuotaUse = Partial<Readonly<Record<QuotaName, number>>>;

@Injectable()
export class QuotaUses {
  constructor(
    private readonly database: Database,
    private readonly egress: EgressOfMonth,
    @Inject(PRESENCE_STORE) private readonly presence: PresenceStore,
    @Inject(LIVE_STORE) private readonly live: Pick<LiveStore, 'countViewers'>,
  ) {}

  async of(tenantIds: readonly string[], nowMs: number): Promise<ReadonlyMap<string, QuotaUse>> {
    const egress = await this.egress.of(tenantIds, nowMs);
    const live = await this.#liveStreams(tenantIds);
    const rooms = await this.#rooms(tenantIds);
    const viewers = await this.#viewers(tenantIds);
    const measured = await this.#measured(tenantIds);
    return new Map(
      tenantIds.map((id) => [
        id,
        {
          live_streams: live.get(id) ?? 0,
          egress_bytes_per_month: egress.get(id) ?? 0,
          ...measured(id),
          ...(viewers && (viewers.get(id) ?? { viewers: 0, viewers_per_stream: 0 })),
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

  /** Viewers of the streams with a session. @returns undefined while the live store does not answer */
  async #viewers(tenantIds: readonly string[]) {
    const rows = await this.database.run((manager) =>
      manager.query<{ id: string; tenant_id: string; live_stream_id: string }[]>(
        `SELECT id, tenant_id, live_stream_id FROM playback_ids WHERE live_stream_id IN
           (SELECT live_stream_id FROM sessions WHERE tenant_id = ANY($1::text[]) AND ended_at IS NULL)`,
        [tenantIds],
      ),
    );
    const byStream = new Map<string, { tenantId: string; viewers: number }>();
    try {
      for (let from = 0; from < rows.length; from += PLAYBACK_IDS_AT_ONCE) {
        const some = rows.slice(from, from + PLAYBACK_IDS_AT_ONCE);
        const counts = await this.live.countViewers(some.map(({ id }) => id));
        for (const [i, row] of some.entries()) {
          const before = byStream.get(row.live_stream_id)?.viewers ?? 0;
          byStream.set(row.live_stream_id, { tenantId: row.tenant_id, viewers: before + (counts[i] ?? 0) });
        }
      }
    } catch {
      return undefined;
    }
    const uses = new Map<string, { viewers: number; viewers_per_stream: number }>();
    for (const { tenantId, viewers } of byStream.values()) {
      const { viewers: all, viewers_per_stream: most } = uses.get(tenantId) ?? { viewers: 0, viewers_per_stream: 0 };
      uses.set(tenantId, { viewers: all + viewers, viewers_per_stream: Math.max(most, viewers) });
    }
    return uses;
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
