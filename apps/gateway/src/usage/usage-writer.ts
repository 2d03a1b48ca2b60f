// Writes down what this gateway and the services that report to it have counted: one statement for all of them, every few seconds.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { USAGE_LIMITS, UsageLedger } from '@millrace/control';
import type { UsageAmount, UsageReport } from '@millrace/control';
import { onSharedBeat } from '@millrace/domain';
import type { Beat, QuotaReading } from '@millrace/domain';
import type { Logger } from '@millrace/service-kit';
import type { EntityManager } from 'typeorm';
import { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import { appendEvent } from '../events/append-event.ts';
import type { GatewayMetrics } from '../ports/gateway-metrics.ts';
import { GATEWAY_LOGGER, GATEWAY_METRICS } from '../ports/tokens.ts';
import { USAGE_CODE_LIMITS } from './usage-limits.ts';

/** For so long reports are gathered into one statement. */
const GATHER_MS = 1_000;
/** Rows of one statement. */
const MAX_ROWS = 5_000;
const HOUR_MS = 3_600_000;

interface WaitingReport extends UsageReport {
  readonly done: (recorded: boolean) => void;
}

interface Row {
  readonly source: string;
  readonly counted: UsageAmount;
}

interface ReadingRow {
  readonly source: string;
  readonly reading: QuotaReading;
}

/** What is in the tables now: the tenants that have used something, and those of them whose quotas were measured. */
export interface WrittenUsage {
  readonly used: ReadonlySet<string>;
  readonly measured: ReadonlySet<string>;
}

@Injectable()
export class UsageWriter implements OnApplicationBootstrap, OnApplicationShutdown {
  onWritten: ((written: WrittenUsage) => void) | undefined;
  #waiting: WaitingReport[] = [];
  #gathering: NodeJS.Timeout | undefined;
  #timer: Beat | undefined;
  #running: Promise<void> = Promise.resolve();
  #toldLost = 0;

  constructor(
    private readonly ledger: UsageLedger,
    private readonly database: Database,
    @Inject(GATEWAY_METRICS) private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = onSharedBeat(USAGE_LIMITS.reportIntervalMs, () => void this.recordOwn());
  }

  /** Requests in flight have ended: what they have sent is counted. */
  async onApplicationShutdown(): Promise<void> {
    this.#timer?.stop();
    await this.recordOwn();
    await this.#running;
  }

  /** Resolves once the report is written, or is not. */
  record(report: UsageReport): Promise<boolean> {
    if (this.#waiting.length >= USAGE_CODE_LIMITS.maxWaitingReports) return Promise.resolve(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiting.push({ ...report, done: resolve });
    this.#gathering ??= setTimeout(() => this.flush(), GATHER_MS);
    return promise;
  }

  /** What this gateway has counted itself. Writes nothing when nothing has changed. */
  async recordOwn(): Promise<void> {
    const amounts = this.ledger.collect();
    this.metrics.usageLost.inc(this.ledger.lost - this.#toldLost);
    this.#toldLost = this.ledger.lost;
    const readings = this.ledger.takeReadings();
    if (amounts.length === 0 && readings.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiting.push({ source: this.ledger.source, amounts, readings, done: resolve });
    this.flush();
    if (await promise) this.ledger.recorded(amounts);
  }

  /** Writes what was gathered. One statement at a time: what comes meanwhile joins the next one. */
  flush(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#running = this.#running.then(() => this.#writeAll());
  }

  async #writeAll(): Promise<void> {
    const reports = this.#waiting.splice(0);
    if (reports.length === 0) return;
    let recorded = false;
    try {
      const rows = latestOf(reports);
      for (let from = 0; from < rows.length; from += MAX_ROWS)
        await this.#writeAmounts(rows.slice(from, from + MAX_ROWS));
      const readings = latestReadings(reports);
      for (let from = 0; from < readings.length; from += MAX_ROWS)
        await this.database.run((manager) => writeReadings(manager, readings.slice(from, from + MAX_ROWS)));
      recorded = true;
      this.onWritten?.({
        used: new Set(rows.map(({ counted }) => counted.tenantId)),
        measured: new Set(readings.map(({ reading }) => reading.tenantId)),
      });
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) this.logger.error({ err: error }, 'cannot record usage');
    }
    for (const { done } of reports) done(recorded);
  }

  /** One statement, unless there is something to tell of them. */
  async #writeAmounts(rows: readonly Row[]): Promise<void> {
    if (!rows.some(isRefusals)) return this.database.run((manager) => writeAmounts(manager, rows));
    await this.database.transaction(async (manager) => {
      await writeAmounts(manager, rows);
      await reportAllRefusals(manager, rows);
    });
  }
}

/** A statement may name a row once: the largest amount of each. In the order of the key, so that writers do not block each other. */
function latestOf(reports: readonly UsageReport[]): Row[] {
  const rows = new Map<string, Row>();
  for (const { source, amounts } of reports)
    for (const counted of amounts) {
      const { tenantId, hour, streamId = '', kind, protocol = '' } = counted;
      const name = `${tenantId} ${hour} ${streamId} ${kind} ${protocol} ${source}`;
      if ((rows.get(name)?.counted.amount ?? -1) < counted.amount) rows.set(name, { source, counted });
    }
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/** The newest of each, in the order of the key. */
function latestReadings(reports: readonly UsageReport[]): ReadingRow[] {
  const rows = new Map<string, ReadingRow>();
  for (const { source, readings = [] } of reports)
    for (const reading of readings) rows.set(`${reading.tenantId} ${reading.quota} ${source}`, { source, reading });
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/** Locked against deletion until what a tenant has used is written: what a deleted tenant has used is gone with it. */
const KNOWN = `known AS (SELECT id FROM tenants WHERE id = ANY ($1::text[]) ORDER BY id FOR KEY SHARE)`;

const WRITE_READINGS = `
  WITH ${KNOWN}
  INSERT INTO quota_readings AS kept (tenant_id, quota, source, used, measured_at)
  SELECT given.*, now() FROM unnest($1::text[], $2::text[], $3::uuid[], $4::float8[]) AS given (tenant_id, quota, source, used)
  JOIN known ON known.id = given.tenant_id ORDER BY 1, 2, 3
  ON CONFLICT (tenant_id, quota, source) DO UPDATE SET used = excluded.used, measured_at = excluded.measured_at`;

const WRITE_AMOUNTS = `
  WITH ${KNOWN}
  INSERT INTO usage_amounts AS kept (tenant_id, hour, live_stream_id, kind, protocol, source, amount)
  SELECT given.* FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::float8[])
    AS given (tenant_id, hour, live_stream_id, kind, protocol, source, amount)
  JOIN known ON known.id = given.tenant_id
  WHERE hour BETWEEN floor(extract(epoch FROM now()) / 3600) - $8 AND floor(extract(epoch FROM now()) / 3600) + 1
  ORDER BY 1, 2, 3, 4, 5, 6
  ON CONFLICT (tenant_id, hour, live_stream_id, kind, protocol, source)
  DO UPDATE SET amount = excluded.amount WHERE kept.amount < excluded.amount`;

async function writeReadings(manager: EntityManager, rows: readonly ReadingRow[]): Promise<void> {
  await manager.query(WRITE_READINGS, [
    rows.map(({ reading }) => reading.tenantId),
    rows.map(({ reading }) => reading.quota),
    rows.map(({ source }) => source),
    rows.map(({ reading }) => reading.used),
  ]);
}

async function writeAmounts(manager: EntityManager, rows: readonly Row[]): Promise<void> {
  await manager.query(WRITE_AMOUNTS, [
    rows.map(({ counted }) => counted.tenantId),
    rows.map(({ counted }) => counted.hour),
    rows.map(({ counted }) => counted.streamId ?? ''),
    rows.map(({ counted }) => counted.kind),
    rows.map(({ counted }) => (counted.protocol ?? '').replaceAll('-', '_')),
    rows.map(({ source }) => source),
    rows.map(({ counted }) => counted.amount),
    USAGE_CODE_LIMITS.lateHours,
  ]);
}

/** What else is told of these amounts, in the same transaction. */
async function reportAllRefusals(manager: EntityManager, rows: readonly Row[]): Promise<void> {
  const refusals = rows.filter(isRefusals);
  const found: { id: string }[] = await manager.query(`SELECT id FROM tenants WHERE id = ANY ($1::text[])`, [
    [...new Set(refusals.map(({ counted }) => counted.tenantId))],
  ]);
  const known = new Set(found.map(({ id }) => id));
  for (const { counted } of refusals) if (known.has(counted.tenantId)) await reportRefusals(manager, counted);
}

const isRefusals = ({ counted }: Row): boolean => counted.kind === 'relay_refusals';

/** Relays refuse what exceeds a quota: reported once an hour for each tenant. */
async function reportRefusals(manager: EntityManager, { tenantId, hour, amount }: UsageAmount): Promise<void> {
  await appendEvent(manager, {
    type: 'ice.quota_exceeded',
    tenantId,
    objectId: tenantId,
    object: {
      id: tenantId,
      quota: 'relay_allocations',
      refused: amount,
      since: new Date(hour * HOUR_MS).toISOString(),
    },
    once: `ice quota ${tenantId} ${hour}`,
  });
}
