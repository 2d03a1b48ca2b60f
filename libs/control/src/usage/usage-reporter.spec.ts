import { newId } from '@millrace/domain';
import { describe, expect, it } from 'vitest';
import { UsageLedger } from './usage-ledger.ts';
import { MAX_REPORTED_AMOUNTS, usageReportSchema } from './usage-messages.ts';
import type { UsageReport } from './usage-messages.ts';
import { UsageReporter } from './usage-reporter.ts';

const tenantId = newId('ten');

/** A table as PostgreSQL keeps it: the largest amount of each process. */
class Table {
  readonly #rows = new Map<string, number>();

  record({ source, amounts }: UsageReport): void {
    for (const { hour, streamId, kind, amount } of amounts) {
      const name = `${source} ${hour} ${streamId} ${kind}`;
      this.#rows.set(name, Math.max(this.#rows.get(name) ?? 0, amount));
    }
  }

  get sum(): number {
    return [...this.#rows.values()].reduce((sum, amount) => sum + amount, 0);
  }
}

describe('UsageReporter', () => {
  it('reports again what was not recorded, in reports of bounded size, and nothing when nothing has changed', async () => {
    const ledger = new UsageLedger();
    const reports: UsageReport[] = [];
    let isRecorded = false;
    const reportUsage = async (report: UsageReport): Promise<boolean> => {
      reports.push(usageReportSchema.parse(report));
      return isRecorded;
    };
    const reporter = new UsageReporter({ ledger, control: { reportUsage } });
    await reporter.report();
    expect(reports).toEqual([]);
    for (let n = 0; n < MAX_REPORTED_AMOUNTS + 1; n++)
      ledger.add({ tenantId, streamId: newId('str'), kind: 'egress_bytes', protocol: 'ws-flv' }, 1);
    await reporter.report();
    isRecorded = true;
    await reporter.beforeApplicationShutdown();
    expect(reports.map(({ amounts }) => amounts.length)).toEqual([150, 1, 150, 1]);
    await reporter.report();
    expect(reports).toHaveLength(4);
    // Readings are of a moment: they are reported once.
    ledger.measured({ tenantId, quota: 'relay_allocations', used: 3 });
    isRecorded = false;
    await reporter.report();
    await reporter.report();
    const readings = [{ tenantId, quota: 'relay_allocations', used: 3 }];
    expect(reports.slice(4)).toEqual([{ source: ledger.source, amounts: [], readings }]);
  });

  it('counts nothing twice and loses only what a killed process had not reported, whatever happens on the way', async () => {
    for (let round = 0; round < 50; round++) {
      const table = new Table();
      const delayed: UsageReport[] = [];
      const random = (): boolean => Math.random() < 0.5;
      // Reports are lost, arrive late and twice, and are recorded although their answer is lost.
      const reportUsage = async (report: UsageReport): Promise<boolean> => {
        const copy = structuredClone(report);
        if (random()) delayed.push(copy);
        if (random()) return false;
        table.record(copy);
        return random();
      };
      let counted = 0;
      let unreported = 0;
      for (let life = 0; life < 5; life++) {
        const ledger = new UsageLedger();
        const reporter = new UsageReporter({ ledger, control: { reportUsage } });
        for (let step = 0; step < 20; step++) {
          ledger.add({ tenantId, streamId: `stream ${step % 3}`, kind: 'ingest_bytes' }, 10);
          counted += 10;
          if (random()) await reporter.report();
        }
        unreported += ledger.collect().reduce((sum, { amount }) => sum + amount, 0);
      }
      for (const report of delayed) table.record(report);
      expect(table.sum).toBeLessThanOrEqual(counted);
      expect(table.sum).toBeGreaterThanOrEqual(counted - unreported);
    }
  });
});
