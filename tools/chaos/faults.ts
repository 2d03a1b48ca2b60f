// The faults: what each of them does to the cluster, and what docs/limits.md says that it may cost.
import { setTimeout as delay } from 'node:timers/promises';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ChaosCluster, Means } from './chaos-cluster.ts';

/** What the schedule says of one fault. */
export interface Moment {
  /** How long what was ended, frozen, filled or cut stays so. */
  readonly forMs: number;
  /** Between two faults of a pair. */
  readonly apartMs: number;
  /** Chooses among processes of a kind. */
  readonly which: number;
}

export interface Fault {
  readonly name: string;
  /** For the table. */
  readonly what: string;
  readonly forMs: readonly [least: number, most: number];
  readonly apartMs?: readonly [least: number, most: number];
  readonly needs?: Means;
  /** Pictures that were sent at most so long before an encoder noticed that it was cut off may be lost; none when not given. */
  readonly mayLoseMs?: number;
  /** Whether viewers may see a discontinuity. */
  readonly mayInterrupt?: boolean;
  /** Injects it and takes it back: all processes run again when it resolves. */
  readonly inject: (chaos: ChaosCluster, moment: Moment) => Promise<void>;
}

/**
 * What an edge had read in the last 25 ms, and what it had not read yet: docs/limits.md. On a machine whose processors are all busy it
 * reads late, and encoders notice late that it is gone.
 */
const LOST_WITH_AN_EDGE_MS = 250;

type Choose = (chaos: ChaosCluster, moment: Moment) => string | Promise<string>;

const busiestPackager: Choose = (chaos) => chaos.busiestPackager();
const oneOf =
  (kind: 'edge' | 'gateway'): Choose =>
  (_, { which }) =>
    `${kind}-${1 + (which % 2)}`;
const always =
  (name: string): Choose =>
  () =>
    name;

const killed =
  (choose: Choose): Fault['inject'] =>
  async (chaos, moment) => {
    const name = await choose(chaos, moment);
    await chaos.process(name).kill('SIGKILL');
    await delay(moment.forMs);
    await chaos.process(name).start();
  };

const frozen =
  (choose: Choose): Fault['inject'] =>
  async (chaos, moment) => {
    const name = await choose(chaos, moment);
    chaos.process(name).signal('SIGSTOP');
    await delay(moment.forMs);
    chaos.process(name).signal('SIGCONT');
  };

const stopped =
  (choose: Choose): Fault['inject'] =>
  async (chaos, moment) => {
    const name = await choose(chaos, moment);
    await chaos.process(name).stop();
    await delay(moment.forMs);
    await chaos.process(name).start();
  };

async function killBoth(chaos: ChaosCluster, names: readonly string[], forMs: number): Promise<void> {
  await Promise.all(names.map((name) => chaos.process(name).kill('SIGKILL')));
  await delay(forMs);
  await Promise.all(names.map((name) => chaos.process(name).start()));
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'packager-killed',
    what: 'SIGKILL of the packager that has the most streams',
    forMs: [0, 4_000],
    inject: killed(busiestPackager),
  },
  {
    name: 'packager-frozen',
    what: 'SIGSTOP of that packager, then SIGCONT',
    forMs: [1_000, 10_000],
    inject: frozen(busiestPackager),
  },
  {
    name: 'packager-stopped',
    what: 'SIGTERM of that packager',
    forMs: [0, 4_000],
    inject: stopped(busiestPackager),
  },
  {
    name: 'packagers-killed',
    what: 'SIGKILL of all packagers at once',
    forMs: [0, 3_000],
    inject: (chaos, { forMs }) => killBoth(chaos, ['packager-1', 'packager-2'], forMs),
  },
  {
    name: 'packager-cut',
    what: 'the network namespace of a packager cut off',
    forMs: [2_000, 10_000],
    needs: 'network',
    inject: async ({ network }, { forMs }) => {
      network?.cut();
      await delay(forMs);
      network?.heal();
    },
  },
  {
    name: 'edge-killed',
    what: 'SIGKILL of an edge; encoders connect again, to the other one',
    forMs: [0, 4_000],
    mayLoseMs: LOST_WITH_AN_EDGE_MS,
    mayInterrupt: true,
    inject: killed(oneOf('edge')),
  },
  {
    name: 'edge-frozen',
    what: 'SIGSTOP of an edge, then SIGCONT',
    forMs: [500, 6_000],
    mayInterrupt: true,
    inject: frozen(oneOf('edge')),
  },
  {
    name: 'edge-stopped',
    what: 'SIGTERM of an edge; encoders are asked to connect elsewhere',
    forMs: [0, 2_000],
    mayInterrupt: true,
    inject: stopped(oneOf('edge')),
  },
  {
    name: 'gateway-killed',
    what: 'SIGKILL of a gateway; viewers ask the other one',
    forMs: [0, 4_000],
    inject: killed(oneOf('gateway')),
  },
  {
    name: 'gateway-frozen',
    what: 'SIGSTOP of a gateway, then SIGCONT',
    forMs: [1_000, 6_000],
    inject: frozen(oneOf('gateway')),
  },
  {
    name: 'nats-killed',
    what: 'SIGKILL of NATS, which loses all frames in its memory',
    forMs: [0, 3_000],
    inject: killed(always('nats')),
  },
  {
    name: 'nats-frozen',
    what: 'SIGSTOP of NATS, then SIGCONT',
    forMs: [500, 6_000],
    inject: frozen(always('nats')),
  },
  {
    name: 'nats-emptied',
    what: 'SIGKILL of NATS, and its disk emptied',
    forMs: [0, 2_000],
    inject: async (chaos, { forMs }) => {
      await chaos.process('nats').kill('SIGKILL');
      rmSync(join(chaos.natsFolder, 'jetstream'), { recursive: true, force: true });
      await delay(forMs);
      await chaos.process('nats').start();
    },
  },
  {
    name: 'nats-disk-full',
    what: 'the tmpfs of NATS full',
    forMs: [3_000, 12_000],
    needs: 'disk',
    inject: async ({ disks }, { forMs }) => {
      disks.get('nats')?.fill();
      await delay(forMs);
      disks.get('nats')?.clear();
    },
  },
  {
    name: 'redis-killed',
    what: 'SIGKILL of Redis, which comes back empty',
    forMs: [0, 3_000],
    inject: killed(always('redis')),
  },
  {
    name: 'redis-frozen',
    what: 'SIGSTOP of Redis, then SIGCONT',
    forMs: [500, 6_000],
    inject: frozen(always('redis')),
  },
  {
    name: 'redis-flushed',
    what: 'FLUSHALL in Redis',
    forMs: [0, 0],
    inject: (chaos) => chaos.redis('FLUSHALL'),
  },
  {
    name: 'redis-disk-full',
    what: 'the tmpfs of a Redis that saves full, so that it refuses writes',
    forMs: [3_000, 8_000],
    needs: 'disk',
    inject: async (chaos, { forMs }) => {
      const disk = chaos.disks.get('redis');
      disk?.fill();
      // A save that fails is what makes it refuse every write (stop-writes-on-bgsave-error).
      await chaos.redis('CONFIG SET save "1 1"');
      await delay(forMs);
      disk?.clear();
      await chaos.redis('CONFIG SET save ""');
    },
  },
  {
    name: 'postgres-killed',
    what: 'SIGKILL of PostgreSQL',
    forMs: [0, 5_000],
    inject: killed(always('postgres')),
  },
  {
    name: 'redis-flushed-packager-killed',
    what: 'FLUSHALL in Redis and SIGKILL of the packager that has the most streams, at once',
    forMs: [0, 3_000],
    inject: async (chaos, { forMs }) => {
      const name = await chaos.busiestPackager();
      await Promise.all([chaos.redis('FLUSHALL'), chaos.process(name).kill('SIGKILL')]);
      await delay(forMs);
      await chaos.process(name).start();
    },
  },
  {
    name: 'nats-then-redis',
    what: 'SIGKILL of NATS, and of Redis 3 to 7 s after NATS is back',
    forMs: [0, 1_000],
    apartMs: [3_000, 7_000],
    inject: async (chaos, { forMs, apartMs }) => {
      await killed(always('nats'))(chaos, { forMs, apartMs, which: 0 });
      await delay(apartMs);
      await killed(always('redis'))(chaos, { forMs, apartMs, which: 0 });
    },
  },
];

/** @throws when no fault has this name */
export function faultNamed(name: string): Fault {
  const found = FAULTS.find((fault) => fault.name === name);
  if (found === undefined)
    throw new Error(`no fault is named ${name}: ${FAULTS.map((fault) => fault.name).join(', ')}`);
  return found;
}
