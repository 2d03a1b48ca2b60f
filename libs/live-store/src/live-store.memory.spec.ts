import { liveStoreContract } from './live-store.contract.ts';
import { MemoryLiveStore } from './live-store.memory.ts';

const STEP_MS = 20;
const MOST_STEPS = 10_000;

liveStoreContract('memory', async (limits) => {
  let now = Date.now();
  const store = new MemoryLiveStore({ ...limits, nowMs: () => now });
  return {
    open: async () => store,
    nowMs: () => now,
    until: async (condition) => {
      for (let step = 0; step < MOST_STEPS; step++) {
        if (await condition()) return;
        now += STEP_MS;
        store.sweep();
      }
      throw new Error('the condition never held');
    },
    close: () => store.close(),
  };
});
