// Services may start before what they depend on: they wait, are not ready, and say what for.
import { rmSync } from 'node:fs';
import { Cluster, freeClusterPorts } from '@millrace/tools/cluster';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const SERVICES = ['edge-1', 'packager-1', 'gateway-1', 'signaling-1', 'turn-1'];

let cluster: Cluster;
let readiness: () => Promise<readonly string[]>;
const { path: folder } = temporaryFolder('start-order');

beforeAll(async () => {
  const ports = await freeClusterPorts({ edges: 1, packagers: 1, gateways: 1, signalings: 1, turns: 1 });
  cluster = new Cluster({ folder, ports });
  const admin = [ports.edges, ports.packagers, ports.gateways, ports.signalings, ports.turns].map(
    ([first]) => first?.metrics,
  );
  readiness = () =>
    Promise.all(
      admin.map(async (port) => {
        const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
        return answer === undefined ? 'no answer' : `${answer.status} ${await answer.text()}`;
      }),
    );
});
afterAll(async () => {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

it('the first start may be in any order: every service waits for NATS, says so, and goes on by itself', async () => {
  await cluster.process('postgres').start();
  const started = SERVICES.map((name) => cluster.process(name).start());
  const waiting = await eventually(
    'every service waits for NATS',
    async () => {
      const answers = await readiness();
      return answers.every((answer) => answer.startsWith('503') && answer.includes('waiting for NATS')) && answers;
    },
    40_000,
  );
  expect(waiting).toHaveLength(SERVICES.length);
  expect(SERVICES.filter((name) => !cluster.process(name).running)).toEqual([]);
  await Promise.all([cluster.process('redis').start(), cluster.process('nats').start()]);
  await Promise.all(started);
  expect((await readiness()).map((answer) => answer.slice(0, 3))).toEqual(SERVICES.map(() => '200'));
});

it('a service that waits stops when it is told to', async () => {
  await cluster.process('nats').stop();
  await cluster.process('packager-1').stop();
  const starting = cluster.process('packager-1').start();
  starting.catch(() => undefined);
  await eventually('it waits for NATS', async () => (await readiness())[1]?.includes('waiting for NATS'), 40_000);
  await cluster.process('packager-1').stop();
  await expect(starting).rejects.toThrow();
});
