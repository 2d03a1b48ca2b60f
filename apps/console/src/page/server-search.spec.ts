import { expect, it, vi } from 'vitest';
import { NoSignalingService } from './console-config.ts';
import { ServerSearch } from './server-search.ts';

const config = { signalingUrl: 'ws://rooms' };

/** A search that is refused so often before it is answered, on a clock that the test moves. */
function search(failures: number, error: Error = new TypeError('Failed to fetch')) {
  const waits: number[] = [];
  const missed: unknown[] = [];
  let tick: () => void = () => undefined;
  let asked = 0;
  const made = new ServerSearch({
    load: async () => {
      if (asked++ < failures) throw error;
      return config;
    },
    clock: {
      after: (delayMs, run) => {
        waits.push(delayMs);
        tick = run;
        return () => undefined;
      },
    },
    random: () => 1,
    missed: (why) => missed.push(why),
  });
  const waited = (count: number) => vi.waitFor(() => expect(waits).toHaveLength(count));
  return { made, waits, missed, waited, tick: () => tick(), asked: () => asked };
}

it('goes on until the server answers, with growing pauses', async () => {
  const { made, waits, missed, waited, tick } = search(3);
  const found = made.find();
  for (const count of [1, 2, 3]) {
    await waited(count);
    tick();
  }
  expect(await found).toEqual(config);
  expect(waits).toEqual([500, 1_000, 2_000]);
  expect(missed).toHaveLength(3);
});

it('asks at once when the network is back', async () => {
  const { made, waited } = search(1);
  const found = made.find();
  await waited(1);
  made.hurry();
  expect(await found).toEqual(config);
});

it('ends where the server runs no rooms, and when it is stopped', async () => {
  await expect(search(1, new NoSignalingService('none')).made.find()).rejects.toThrow(NoSignalingService);
  const { made, waited, asked } = search(9);
  const found = made.find();
  await waited(1);
  made.stop();
  expect(await found).toBeUndefined();
  expect(asked()).toBe(1);
});
