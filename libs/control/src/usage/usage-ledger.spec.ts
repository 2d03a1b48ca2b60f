import { newId } from '@millrace/domain';
import { describe, expect, it } from 'vitest';
import { UsageLedger } from './usage-ledger.ts';

const HOUR_MS = 3_600_000;
const tenantId = newId('ten');
const streamId = newId('str');

function create(limits?: ConstructorParameters<typeof UsageLedger>[1]) {
  const clock = { ms: 500_000 * HOUR_MS };
  return { clock, ledger: new UsageLedger(() => clock.ms, limits) };
}

describe('UsageLedger', () => {
  it('hands over whole amounts, and nothing that has not changed since it was recorded', () => {
    const { ledger } = create();
    const bytes = { tenantId, streamId, kind: 'egress_bytes', protocol: 'hls' } as const;
    ledger.add(bytes, 100);
    ledger.add(bytes, 11);
    ledger.add({ tenantId, kind: 'relay_bytes' }, 5);
    ledger.add({ tenantId, kind: 'relay_bytes' }, 0);
    const first = ledger.collect();
    expect(first).toEqual([
      { ...bytes, hour: 500_000, amount: 111 },
      { tenantId, hour: 500_000, kind: 'relay_bytes', amount: 5 },
    ]);
    expect(ledger.collect()).toEqual(first);
    ledger.add(bytes, 1);
    ledger.recorded(first);
    expect(ledger.collect()).toEqual([{ ...bytes, hour: 500_000, amount: 112 }]);
    ledger.recorded(ledger.collect());
    expect(ledger.collect()).toEqual([]);
  });

  it('keeps hours apart, those too that are recorded late', () => {
    const { clock, ledger } = create();
    const seconds = { tenantId, streamId, kind: 'ingest_seconds' } as const;
    ledger.add(seconds, 1);
    const early = ledger.collect();
    ledger.add(seconds, 2);
    clock.ms += HOUR_MS;
    ledger.add(seconds, 4);
    ledger.recorded(early);
    expect(ledger.collect().map(({ hour, amount }) => [hour, amount])).toEqual([
      [500_000, 3],
      [500_001, 4],
    ]);
    ledger.recorded(ledger.collect());
    expect(ledger.collect()).toEqual([]);
  });

  it('does not begin an hour anew that it may have forgotten, when the clock goes back', () => {
    const { clock, ledger } = create();
    ledger.add({ tenantId, kind: 'relay_bytes' }, 7);
    clock.ms += HOUR_MS;
    ledger.add({ tenantId, kind: 'relay_bytes' }, 1);
    ledger.recorded(ledger.collect());
    clock.ms -= HOUR_MS;
    ledger.add({ tenantId, kind: 'relay_bytes' }, 1);
    expect(ledger.collect().map(({ hour, amount }) => [hour, amount])).toEqual([[500_001, 2]]);
  });

  it('asks for what accrues before it is collected', () => {
    const { ledger } = create();
    const remove = ledger.beforeCollect(() => ledger.add({ tenantId, kind: 'participant_seconds' }, 4));
    ledger.collect();
    expect(ledger.collect()[0]?.amount).toBe(8);
    remove();
    expect(ledger.collect()[0]?.amount).toBe(8);
  });

  it('counts the streams of a tenant together that has too many, and loses nothing of it or of others', () => {
    const { ledger } = create({ maxAmounts: 50, maxAmountsPerTenant: 10, maxTenantAmounts: 10, maxReadings: 1 });
    for (let n = 0; n < 1_000; n++) ledger.add({ tenantId, streamId: newId('str'), kind: 'ingest_bytes' }, 1);
    const other = newId('ten');
    ledger.add({ tenantId: other, streamId, kind: 'ingest_bytes' }, 1);
    const amounts = ledger.collect();
    const sum = (of: string) =>
      amounts.filter(({ tenantId: id }) => id === of).reduce((all, { amount }) => all + amount, 0);
    expect([sum(tenantId), sum(other), ledger.lost]).toEqual([1_000, 1, 0]);
    expect(amounts.find(({ tenantId: id }) => id === other)?.streamId).toBe(streamId);
    expect(amounts).toHaveLength(12);
  });

  it('is bounded in all, and says what it could not count', () => {
    const { clock, ledger } = create({ maxAmounts: 5, maxAmountsPerTenant: 2, maxTenantAmounts: 5, maxReadings: 2 });
    for (let n = 0; n < 20; n++) ledger.add({ tenantId: newId('ten'), streamId, kind: 'ingest_bytes' }, 1);
    expect([ledger.collect().length, ledger.lost]).toEqual([10, 10]);
    ledger.recorded(ledger.collect());
    clock.ms += HOUR_MS;
    ledger.add({ tenantId, streamId, kind: 'ingest_bytes' }, 1);
    expect([ledger.collect().length, ledger.lost]).toEqual([1, 10]);
    for (let n = 1; n <= 3; n++) ledger.measured({ tenantId: newId('ten'), quota: 'relay_allocations', used: n });
    expect(ledger.takeReadings().map(({ used }) => used)).toEqual([1, 2]);
  });

  it('keeps the largest reading of each quota until it is taken', () => {
    const { ledger } = create();
    const reading = { tenantId, quota: 'relay_bits_per_second' } as const;
    for (const used of [5, 9, 7]) ledger.measured({ ...reading, used });
    ledger.measured({ tenantId, quota: 'relay_allocations', used: 1 });
    expect(ledger.takeReadings()).toEqual([
      { ...reading, used: 9 },
      { tenantId, quota: 'relay_allocations', used: 1 },
    ]);
    expect(ledger.takeReadings()).toEqual([]);
  });
});
