// The chart and its images on real nodes: installed as the documentation says, then rolled, deleted and drained under a live stream.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NODE_WITH_DISKS, RealCluster } from '@millrace/k8s/real-nodes';
import { eventually } from '../support/eventually.ts';
import { InstalledTrial, RELEASE, REPOSITORY, VALUES } from './installed-trial.ts';
import { LiveWatch } from './live-watch.ts';

const OTHER_NODE = 'node-2';
const COMPONENTS = ['packager', 'gateway', 'signaling', 'turn', 'rtmp-edge'] as const;
type Component = (typeof COMPONENTS)[number];

/** Times that an encoder is disconnected: once when its edge ends. */
const cutsBy = (component: Component): number => (component === 'rtmp-edge' ? 1 : 0);

/** Longer than any pod takes to be replaced. */
const RECONNECT_SECONDS = 300;

/** Set by the first upgrade and kept by later ones, which must change nothing else. */
const UPGRADED = 'logLevel=debug';

let cluster: RealCluster;
let trial: InstalledTrial;
beforeAll(async () => {
  cluster = await RealCluster.start();
  trial = new InstalledTrial(cluster);
  // As on a cluster of one node.
  await trial.kubectl.run(['cordon', OTHER_NODE]);
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(await trial.state(), cluster.lastWords);
});
afterAll(() => cluster?.stop());

describe('the trial, on one node of 2 CPUs and 4 GiB without a load balancer', () => {
  it('is installed by the command of docs/operate/install.md', async () => {
    await trial.install();
    const pods = await trial.run(['get', 'pods', '--output', 'jsonpath={.items[*].spec.nodeName}']);
    expect(new Set(pods.split(' '))).toEqual(new Set([NODE_WITH_DISKS]));
  });

  it('is upgraded while Helm waits', async () => {
    await trial.helm.upgrade(RELEASE, [VALUES], [REPOSITORY, UPGRADED]);
  });

  it('publishes a clip and plays it by `helm test`', async () => {
    expect(await trial.helm.run(['test', RELEASE.name, '--namespace', RELEASE.namespace])).toContain('Succeeded');
  });
});

describe('under a live stream', () => {
  let live: LiveWatch;
  beforeAll(async () => {
    await trial.kubectl.run(['uncordon', OTHER_NODE]);
    live = await LiveWatch.open(trial, 'pods that come and go', RECONNECT_SECONDS);
    await live.moreSegments(2);
  });
  afterAll(() => live?.stop());

  /** Expects the stream to continue, with a discontinuity for each time that the encoder is disconnected, and no other. */
  async function expectContinuesThrough(cuts: number, act: () => Promise<void>): Promise<void> {
    const before = live.discontinuities;
    await act();
    await live.untilDiscontinuities(before + cuts);
    await live.moreSegments(3);
    const { stretches, frames } = live.expectWhole();
    expect(live.discontinuities).toBe(before + cuts);
    console.log(`${frames} frames, ${stretches - 1} discontinuities; no frame lost or repeated`);
  }

  async function roll(component: Component): Promise<void> {
    await trial.run(['rollout', 'restart', trial.deployment(component)]);
    await trial.settled(component);
  }

  /** As `expectContinuesThrough`, for an edge that has the time to end its connections. */
  async function expectContinuesThroughDrain(component: Component, act: () => Promise<void>): Promise<void> {
    await expectContinuesThrough(cutsBy(component), act);
    if (cutsBy(component) > 0) live.expectEndedBeforeKeyframe();
  }

  it.each(COMPONENTS)('%s is rolled: no frame is lost or repeated', (component) =>
    expectContinuesThroughDrain(component, () => roll(component)),
  );

  it.each(COMPONENTS)('the pod of %s is deleted by force: no frame is lost or repeated', (component) =>
    expectContinuesThrough(cutsBy(component), async () => {
      const force = ['--force', '--grace-period=0', '--wait=false'];
      await trial.run(['delete', 'pod', '--selector', trial.selector(component), ...force]);
      await trial.settled(component);
    }),
  );

  it('the node that has all of them is drained: no frame is lost or repeated', async () => {
    await trial.kubectl.run(['cordon', NODE_WITH_DISKS]);
    for (const component of COMPONENTS) await expectContinuesThroughDrain(component, () => roll(component));
    for (const component of COMPONENTS) expect(await trial.pods(component, '.spec.nodeName')).toEqual([OTHER_NODE]);
    await trial.kubectl.run(['uncordon', NODE_WITH_DISKS]);
    await expectContinuesThroughDrain('rtmp-edge', async () => {
      await trial.kubectl.run(['drain', OTHER_NODE, '--delete-emptydir-data', '--timeout=300s']);
      for (const component of COMPONENTS) await trial.settled(component);
    });
    await trial.kubectl.run(['uncordon', OTHER_NODE]);
  });

  it('an upgrade that cannot start leaves the old pods working, also after they restart', async () => {
    const refused = 'services.packager.settings.MILLRACE_PACKAGER_MAX_STREAMS=none';
    const values = ['--values', VALUES, '--set', REPOSITORY, '--set', UPGRADED, '--set', refused];
    const [old = ''] = await trial.pods('packager');
    await expectContinuesThrough(0, async () => {
      await trial.helm.run(['upgrade', RELEASE.name, trial.helm.chart, '--namespace', RELEASE.namespace, ...values]);
      await eventually('a new packager fails', async () => (await packagerRestarts()) > 0, 120_000);
      await trial.run(['delete', 'pod', old, '--force', '--grace-period=0', '--wait=false']);
      await eventually('an old packager is ready again', async () => (await readyPackagers()) === 1, 120_000);
    });
    await expectContinuesThrough(0, async () => {
      await trial.run(['rollout', 'undo', trial.deployment('packager')]);
      await trial.settled('packager');
    });
  });

  const readyPackagers = async (): Promise<number> =>
    (await trial.pods('packager', '.status.containerStatuses[0].ready')).filter((ready) => ready === 'true').length;

  const packagerRestarts = async (): Promise<number> =>
    Math.max(...(await trial.pods('packager', '.status.containerStatuses[0].restartCount')).map(Number));
});
