import { describe } from 'vitest';
import { frameBusContract } from './frame-bus.contract.ts';
import { createMemoryFrameBus } from './frame-bus.memory.ts';

describe('the frame bus in memory', () => {
  frameBusContract({
    start: async () => undefined,
    open: async () => createMemoryFrameBus({ maxBytesPerStream: 64 * 1024 * 1024 }),
    stop: async () => undefined,
  });
});
