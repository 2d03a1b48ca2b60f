import { describe } from 'vitest';
import { frameBusContract } from './frame-bus.contract.ts';
import { createNatsFrameBus } from './frame-bus.nats.ts';
import { startNatsServer } from './testing/nats-server.ts';
import type { NatsServer } from './testing/nats-server.ts';

describe('the frame bus over NATS', () => {
  let server: NatsServer;
  frameBusContract({
    start: async () => {
      server = await startNatsServer();
    },
    open: () => createNatsFrameBus({ url: server.url, gapWaitMs: 300 }),
    stop: () => server[Symbol.asyncDispose](),
  });
});
