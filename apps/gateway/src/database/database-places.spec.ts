import { describe, expect, it } from 'vitest';
import { DatabasePlaces } from './database-places.ts';
import { DatabaseBusy, DatabaseUnavailable } from './database.errors.ts';

const LONG_MS = 60_000;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function takeAll(places: DatabasePlaces, lane: 'control' | 'rest', count: number): Promise<(() => void)[]> {
  return Promise.all(Array.from({ length: count }, () => places.take(lane)));
}

describe('DatabasePlaces', () => {
  it('keeps places for what publishers and players wait for', async () => {
    const places = new DatabasePlaces(10, 0);
    await takeAll(places, 'rest', 8);
    await expect(places.take('rest')).rejects.toBeInstanceOf(DatabaseBusy);
    await takeAll(places, 'control', 2);
    await expect(places.take('control')).rejects.toBeInstanceOf(DatabaseBusy);
  });

  it('keeps one of two', async () => {
    const places = new DatabasePlaces(2, 0);
    await places.take('rest');
    await expect(places.take('rest')).rejects.toBeInstanceOf(DatabaseBusy);
    await places.take('control');
  });

  it('gives them all to control when the rest needs none, and none of the kept ones to the rest', async () => {
    const places = new DatabasePlaces(10, LONG_MS);
    const held = await takeAll(places, 'control', 10);
    let rest = 0;
    const served = Array.from({ length: 20 }, () => places.take('rest').then(() => rest++));
    // Those that are still waiting when the test is over are refused some time.
    void Promise.allSettled(served);
    for (const release of held) release();
    await turn();
    expect(rest).toBe(8);
  });

  it('serves control first, and each lane in the order of coming', async () => {
    const places = new DatabasePlaces(2, LONG_MS);
    const held = [await places.take('rest'), await places.take('control')];
    const order: string[] = [];
    const wait = (lane: 'control' | 'rest', name: string): void =>
      void places.take(lane).then((release) => {
        order.push(name);
        release();
      });
    wait('rest', 'rest 1');
    wait('rest', 'rest 2');
    wait('control', 'control 1');
    wait('control', 'control 2');
    for (const release of held) release();
    await turn();
    expect(order).toEqual(['control 1', 'control 2', 'rest 1', 'rest 2']);
  });

  it('forgets one that waited too long, and is not lost by it', async () => {
    const places = new DatabasePlaces(2, 10);
    const release = await places.take('rest');
    const late = await places.take('rest').catch((error: unknown) => error);
    expect(late).toBeInstanceOf(DatabaseBusy);
    expect(late).toBeInstanceOf(DatabaseUnavailable);
    release();
    await places.take('rest');
  });

  it('lets 5,000 wait and tells the others at once', async () => {
    const places = new DatabasePlaces(2, LONG_MS);
    const release = await places.take('rest');
    for (let i = 0; i < 5_000; i++) places.take('rest').catch(() => undefined);
    await expect(places.take('rest')).rejects.toBeInstanceOf(DatabaseBusy);
    release();
  });
});
