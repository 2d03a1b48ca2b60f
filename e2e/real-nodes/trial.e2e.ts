// The chart and its images on real nodes: installed as the documentation says, then rolled, deleted and drained under a live stream.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NODE_WITH_DISKS, RealCluster } from '@millrace/k8s/real-nodes';
import { eventually } from '../support/eventually.ts';
import { InstalledTrial, RELEASE, REPOSITORY, VALUES } from './installed-trial.ts';
import { LiveWatch } from './live-watch.ts';

const OTHER_NODE = 'node-2';
const COMPONENTS = ['packager', 'gateway', 'signaling', 'turn', 'rtmp-edge'] as const;
type Component = (typeof COMPONENTS)[number];

/** Encoders are cut when their edge ends, and by nothing else. */
const cutsEncoders = (component: Component): boolean => component === 'rtmp-edge';

/** How long an edge's end may keep its encoder away. */
const RECONNECT_SECONDS = 300;

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
    await trial.helm.upgrade(RELEASE, [VALUES], [REPOSITORY, 'logLevel=debug']);
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

  /** Everything that was live goes on; a cut by the encoder is the only one. */
  async function expectGoesOn(cut: boolean, before: number): Promise<void> {
    await live.moreSegments(3);
    const { stretches, frames } = live.expectWhole();
    if (!cut) expect(live.discontinuities).toBe(before);
    console.log(`${frames} frames in ${stretches} stretches, none lost or repeated`);
  }

  it.each(COMPONENTS)('%s is rolled: no frame is lost or repeated', async (component) => {
    const before = live.discontinuities;
    await trial.run(['rollout', 'restart', trial.deployment(component)]);
    await trial.settled(component);
    await expectGoesOn(cutsEncoders(component), before);
  });

  it.each(COMPONENTS)('the pod of %s is deleted by force: no frame is lost or repeated', async (component) => {
    const before = live.discontinuities;
    const force = ['--force', '--grace-period=0', '--wait=false'];
    await trial.run(['delete', 'pod', '--selector', trial.selector(component), ...force]);
    await trial.settled(component);
    await expectGoesOn(cutsEncoders(component), before);
  });

  it('the node that has all of them is drained: no frame is lost or repeated', async () => {
    await trial.kubectl.run(['cordon', NODE_WITH_DISKS]);
    for (const component of COMPONENTS) {
      await trial.run(['rollout', 'restart', trial.deployment(component)]);
      await trial.settled(component);
    }
    await trial.kubectl.run(['uncordon', NODE_WITH_DISKS]);
    const before = live.discontinuities;
    await trial.kubectl.run(['drain', OTHER_NODE, '--delete-emptydir-data', '--timeout=300s']);
    for (const component of COMPONENTS) await trial.settled(component);
    await expectGoesOn(true, before);
    await trial.kubectl.run(['uncordon', OTHER_NODE]);
  });

  it('an upgrade that cannot start leaves what runs as it is, also when that is started anew', async () => {
    const before = live.discontinuities;
    const refused = 'services.packager.settings.MILLRACE_PACKAGER_MAX_STREAMS=none';
    const values = ['--values', VALUES, '--set', REPOSITORY, '--set', refused];
    const [old = ''] = (await podsOf('packager')).split(' ');
    await trial.helm.run(['upgrade', RELEASE.name, trial.helm.chart, '--namespace', RELEASE.namespace, ...values]);
    await eventually('a new packager fails', async () => (await restartsOf('packager', old)) > 0, 120_000);
    await trial.run(['delete', 'pod', old, '--force', '--grace-period=0', '--wait=false']);
    await eventually('an old packager is ready again', async () => (await readyOf('packager')) === 1, 120_000);
    await expectGoesOn(false, before);
    await trial.run(['rollout', 'undo', trial.deployment('packager')]);
    await trial.settled('packager');
    await expectGoesOn(false, before);
  });

  const jsonpath = (component: string, path: string): Promise<string> =>
    trial.run(['get', 'pods', '--selector', trial.selector(component), '--output', `jsonpath=${path}`]);
  const podsOf = (component: string): Promise<string> => jsonpath(component, '{.items[*].metadata.name}');
  const readyOf = async (component: string): Promise<number> =>
    (await jsonpath(component, '{.items[*].status.containerStatuses[0].ready}'))
      .split(' ')
      .filter((ready) => ready === 'true').length;

  /** Of pods other than the named one. */
  async function restartsOf(component: string, except: string): Promise<number> {
    const path = '{range .items[*]}{.metadata.name} {.status.containerStatuses[0].restartCount}{"\\n"}{end}';
    const lines = (await jsonpath(component, path)).trim().split('\n');
    const others = lines.map((line) => line.split(' ')).filter(([name]) => name !== except);
    return Math.max(0, ...others.map(([, restarts]) => Number(restarts)));
  }
});
