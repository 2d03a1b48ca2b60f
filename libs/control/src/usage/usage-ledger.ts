// What one process has counted: for each tenant, live stream, hour and kind the whole amount since the process has started.
//
// Amounts are handed over as they are, not as differences: a report that arrives twice, late or out of order changes nothing,
// and PostgreSQL keeps the largest amount of each process. A process that is killed loses what it has counted since its last report.
import { randomUUID } from 'node:crypto';
import type { QuotaReading, UsageOf, UsageSink } from '@millrace/domain';
import { USAGE_LIMITS } from './usage-limits.ts';
import type { UsageAmount } from './usage-messages.ts';

const HOUR_MS = 3_600_000;

interface Counted extends UsageAmount {
  readonly name: string;
  amount: number;
  recorded: number;
}

export interface UsageLedgerLimits {
  readonly maxAmounts: number;
  readonly maxAmountsPerTenant: number;
  readonly maxTenantAmounts: number;
  readonly maxReadings: number;
}

export class UsageLedger implements UsageSink {
  /** Names this process and run. */
  readonly source = randomUUID();
  /** How often nothing could be counted because the ledger is full. */
  lost = 0;
  readonly #nowMs: () => number;
  readonly #limits: UsageLedgerLimits;
  /** Of the current hour and of hours that are not recorded. */
  readonly #counted = new Map<string, Counted>();
  readonly #unrecorded = new Set<Counted>();
  readonly #byTenant = new Map<string, number>();
  readonly #collectors = new Set<() => void>();
  /** By tenant and quota: a tenant has as many as there are quotas. */
  #readings = new Map<string, QuotaReading>();
  #hour = 0;

  /** @param nowMs the wall clock */
  constructor(nowMs: () => number = Date.now, limits: UsageLedgerLimits = USAGE_LIMITS) {
    this.#nowMs = nowMs;
    this.#limits = limits;
  }

  beforeCollect(collect: () => void): () => void {
    this.#collectors.add(collect);
    return () => void this.#collectors.delete(collect);
  }

  add(of: UsageOf, amount: number): void {
    if (amount <= 0) return;
    this.#turn();
    const counted = this.#find(of) ?? this.#find({ ...of, streamId: undefined });
    if (counted === undefined) return void this.lost++;
    counted.amount += amount;
    this.#unrecorded.add(counted);
  }

  measured(reading: QuotaReading): void {
    const name = `${reading.tenantId} ${reading.quota}`;
    const before = this.#readings.get(name);
    if (before === undefined ? this.#readings.size < this.#limits.maxReadings : before.used < reading.used)
      this.#readings.set(name, reading);
  }

  /** What was measured since this was last called. */
  takeReadings(): QuotaReading[] {
    const readings = [...this.#readings.values()];
    this.#readings = new Map();
    return readings;
  }

  /** What has changed since it was recorded, after everything that accrues has been counted. */
  collect(): UsageAmount[] {
    for (const collect of this.#collectors) collect();
    return [...this.#unrecorded].map(({ tenantId, streamId, hour, kind, protocol, amount }) => ({
      tenantId,
      streamId,
      hour,
      kind,
      protocol,
      amount,
    }));
  }

  /** PostgreSQL has these amounts. */
  recorded(amounts: readonly UsageAmount[]): void {
    for (const amount of amounts) {
      const counted = this.#counted.get(nameOf(amount, amount.hour));
      if (counted === undefined) continue;
      counted.recorded = Math.max(counted.recorded, amount.amount);
      if (counted.recorded < counted.amount) continue;
      this.#unrecorded.delete(counted);
      if (counted.hour < this.#hour) this.#forget(counted);
    }
  }

  #find(of: UsageOf): Counted | undefined {
    const name = nameOf(of, this.#hour);
    const known = this.#counted.get(name);
    if (known !== undefined) return known;
    const { tenantId, streamId, kind, protocol } = of;
    if (!this.#fits(tenantId, streamId)) return undefined;
    const counted = { name, tenantId, streamId, hour: this.#hour, kind, protocol, amount: 0, recorded: 0 };
    this.#counted.set(name, counted);
    this.#byTenant.set(tenantId, (this.#byTenant.get(tenantId) ?? 0) + 1);
    return counted;
  }

  #fits(tenantId: string, streamId: string | undefined): boolean {
    const { maxAmounts, maxAmountsPerTenant, maxTenantAmounts } = this.#limits;
    if (streamId === undefined) return this.#counted.size < maxAmounts + maxTenantAmounts;
    return this.#counted.size < maxAmounts && (this.#byTenant.get(tenantId) ?? 0) < maxAmountsPerTenant;
  }

  /** The clock may go back: an hour that is over does not begin anew, since what was counted in it may be forgotten. */
  #turn(): void {
    const hour = Math.floor(this.#nowMs() / HOUR_MS);
    if (hour <= this.#hour) return;
    this.#hour = hour;
    for (const counted of this.#counted.values()) if (!this.#unrecorded.has(counted)) this.#forget(counted);
  }

  #forget({ name, tenantId }: Counted): void {
    this.#counted.delete(name);
    const left = (this.#byTenant.get(tenantId) ?? 1) - 1;
    if (left === 0) this.#byTenant.delete(tenantId);
    else this.#byTenant.set(tenantId, left);
  }
}

const nameOf = ({ tenantId, streamId = '', kind, protocol = '' }: UsageOf, hour: number): string =>
  `${tenantId} ${streamId} ${kind} ${protocol} ${hour}`;
