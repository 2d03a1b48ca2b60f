import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNatsFrameBus } from '../frame-bus.nats.ts';
import { startNatsServer } from '../testing/nats-server.ts';
import type { NatsServer } from '../testing/nats-server.ts';
import { isAtLeast, MINIMUM_NATS_VERSION } from './nats-version.ts';

describe('the version of NATS', () => {
  it('is compared by its numbers', () => {
    for (const version of ['2.10.25', '2.10.26', '2.11.0-RC.1', '2.15.1', '3.0.0'])
      expect(isAtLeast(version, MINIMUM_NATS_VERSION), version).toBe(true);
    for (const version of ['2.9.10', '2.10.24', '2.10.3', '1.99.99', ''])
      expect(isAtLeast(version, MINIMUM_NATS_VERSION), version).toBe(false);
  });
});

/** Debian's, where the machine has it. */
const OLD = '/usr/sbin/nats-server';

describe.runIf(existsSync(OLD))('a NATS that the machine has by itself', () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNatsServer({ program: OLD });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('is used also when it is too old, with a warning', async () => {
    const problems: string[] = [];
    const bus = await createNatsFrameBus({
      url: server.url,
      observer: { problem: (error) => problems.push(error.message) },
    });
    expect(bus.isReady()).toBe(true);
    await bus.close();
    const version = /Version:\s+(\S+)/.exec(server.log.join('\n'))![1]!;
    expect(problems.some((problem) => problem.includes(MINIMUM_NATS_VERSION))).toBe(
      !isAtLeast(version, MINIMUM_NATS_VERSION),
    );
  });
});
