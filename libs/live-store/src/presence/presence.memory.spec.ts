import { presenceContract } from './presence.contract.ts';
import { createMemoryPresence } from './presence.memory.ts';

const STEP_MS = 20;
const MOST_STEPS = 10_000;

presenceContract('memory', async (limits) => {
  let now = Date.now();
  const store = createMemoryPresence({ outageMs: 3_600_000, ...limits, nowMs: () => now });
  return {
    open: async () => store,
    until: async (condition) => {
      for (let step = 0; step < MOST_STEPS; step++) {
        if (await condition()) return;
        now += STEP_MS;
      }
      throw new Error('the condition never held');
    },
    close: () => store.close(),
  };
});
