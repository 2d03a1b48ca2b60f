import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
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

/** A server of the release before the oldest that will do, as far as a client can tell: NATS itself, behind a relay that changes what it says of itself. */
const OLD = '2.10.24';

function startOlder(url: string): Promise<Server> {
  const { hostname, port } = new URL(url);
  const relay = createServer((client) => {
    const server = connect(Number(port), hostname);
    // `INFO {…}`, which it says once more to a client that has introduced itself.
    server.on('data', (bytes) => {
      client.write(bytes.toString('latin1').replace(/"version":"[^"]*"/, `"version":"${OLD}"`), 'latin1');
    });
    server.on('end', () => client.end());
    client.pipe(server);
    client.on('error', () => server.destroy());
    server.on('error', () => client.destroy());
  });
  relay.listen(0, '127.0.0.1');
  return once(relay, 'listening').then(() => relay);
}

describe('a NATS that is too old', () => {
  let server: NatsServer;
  let older: Server;
  beforeAll(async () => {
    server = await startNatsServer();
    older = await startOlder(server.url);
  });
  afterAll(async () => {
    older.close();
    await server[Symbol.asyncDispose]();
  });

  it.each([
    { which: 'the old one', url: () => `nats://127.0.0.1:${(older.address() as AddressInfo).port}`, warns: true },
    { which: 'the one behind it', url: () => server.url, warns: false },
  ])('is used all the same, with a warning: $which', async ({ url, warns }) => {
    const problems: string[] = [];
    const bus = await createNatsFrameBus({
      url: url(),
      observer: { problem: (error) => problems.push(error.message) },
    });
    expect(bus.isReady()).toBe(true);
    await bus.close();
    expect(problems.some((problem) => problem.includes(OLD) && problem.includes(MINIMUM_NATS_VERSION))).toBe(warns);
  });
});
