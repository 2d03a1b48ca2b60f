// Millrace's TURN server by itself, with one user that it needs no gateway for.
//   node millrace-turn-server.ts PORT THREADS USER PASSWORD TENANT
import 'reflect-metadata';
import { InProcessControl, RELAY_CONTROL } from '@millrace/control';
import type { RelayControl } from '@millrace/control';
import { createLogger, Metrics, Readiness } from '@millrace/service-kit';
import { withProviders } from '@millrace/service-kit/testing';
import { TurnModule, turnSettings } from '@millrace/turn';
import { NestFactory } from '@nestjs/core';

const [port, threads, , password = '', tenantId = ''] = process.argv.slice(2);
const MANY = 100_000;
const FAST = 100_000_000_000;

const control: RelayControl = {
  authorizeRelay: () =>
    Promise.resolve({
      granted: true,
      tenantId,
      subject: 'bench',
      expiresAtMs: Date.now() + 3_600_000,
      passwords: [password],
      limits: {
        maxAllocations: MANY,
        maxAllocationsPerUser: MANY,
        maxBitsPerSecond: FAST,
        maxBitsPerSecondPerAllocation: FAST,
      },
    }),
  revokeRelay: () => undefined,
  relayUsage: () => undefined,
};
const module = TurnModule.register({
  settings: {
    ...turnSettings.parse({
      MILLRACE_TURN_UDP_BATCHES: process.env['MILLRACE_TURN_UDP_BATCHES'],
      MILLRACE_TURN_UDP_BATCHES_FROM: process.env['MILLRACE_TURN_UDP_BATCHES_FROM'],
    }),
    turnHosts: ['127.0.0.1'],
    turnPort: Number(port),
    turnThreads: Number(threads),
    turnDrainMs: 0,
    turnAllowedPeers: ['127.0.0.0/8'],
    turnOwnPeerPorts: [{ first: 1, last: 65_535 }],
  },
  control: new InProcessControl().client(),
  metrics: new Metrics({ service: 'turn', version: '0' }),
  logger: createLogger({ service: 'turn', level: 'warn' }),
  readiness: new Readiness(),
});
const app = await NestFactory.createApplicationContext(
  withProviders(module, { provide: RELAY_CONTROL, useValue: control }),
  { logger: false, abortOnError: false },
);
process.once('SIGTERM', () => void app.close());
