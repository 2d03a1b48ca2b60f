// What an upgrade finds in the cluster and leaves alone: settings that old pods start with, and the number of pods.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlPlane } from '../control-plane/control-plane.ts';
import { Helm } from './helm.ts';
import { createNamespace } from './namespaces.ts';
import { COMPONENT, list, settingsOf } from './objects.ts';
import type { ConfigMap, Workload } from './objects.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { valuesFiles } from './values-files.ts';

const HISTORY = 2;
const [trial] = valuesFiles.filter(({ name }) => name === 'values-dev').map(({ path }) => path);
const values = trial === undefined ? [] : [trial];

let plane: ControlPlane;
let helm: Helm;
beforeAll(async () => {
  plane = await ControlPlane.start(temporaryFolder());
  helm = await Helm.with(plane.access.kubeconfig);
});
afterAll(() => plane?.stop());

describe('settings', () => {
  const release = { name: 'millrace', namespace: 'settings' };
  const history = [`defaults.revisionHistoryLimit=${HISTORY}`];
  const component = `${COMPONENT}=packager`;
  const configMaps = (): Promise<readonly ConfigMap[]> =>
    list<ConfigMap>(plane.kubectl, 'configmaps', release.namespace, component);
  const names = async (): Promise<readonly string[]> =>
    (await configMaps()).map(({ metadata }) => metadata.name).sort();

  /** What pods of every ReplicaSet that is kept, and may be gone back to, start with. */
  async function referred(): Promise<readonly string[]> {
    const sets = await list<Workload>(plane.kubectl, 'replicasets', release.namespace, component);
    return [...new Set(sets.flatMap(settingsOf))].sort();
  }

  const upgrade = (level: string): Promise<string> => helm.upgrade(release, values, [...history, `logLevel=${level}`]);

  it('have a name of their own for each content, and those of the pods before stay as they were', async () => {
    await createNamespace(plane.kubectl, release.namespace, 'restricted');
    await helm.install(release, values, [...history, 'logLevel=info']);
    const [first] = await configMaps();
    await upgrade('debug');
    const after = await configMaps();
    expect(after.map(({ data }) => data?.['MILLRACE_LOG_LEVEL']).sort()).toEqual(['debug', 'info']);
    expect(after.find(({ metadata }) => metadata.name === first?.metadata.name)?.data).toEqual(first?.data);
    expect(after.map(({ immutable }) => immutable)).toEqual([true, true]);
    expect(await names()).toEqual(await referred());
  });

  it('that no pod can start with any more are removed, and all others are there', async () => {
    for (const level of ['trace', 'warn', 'error', 'fatal']) {
      await upgrade(level);
      const there = await names();
      for (const name of await referred()) expect(there).toContain(name);
      // The present one and those of the history; one that has just left it, and one that the next upgrade takes away.
      expect(there.length).toBeLessThanOrEqual(1 + HISTORY + 2);
    }
  });

  it('of an upgrade are there until its pods are gone when Helm goes back', async () => {
    const before = await names();
    await helm.rollback(release, 5);
    for (const name of [...before, ...(await referred())]) expect(await names()).toContain(name);
    await upgrade('silent');
    for (const name of await referred()) expect(await names()).toContain(name);
  });

  it('are there for the pods that `kubectl rollout undo` goes back to', async () => {
    const args = ['-n', release.namespace, 'deployment/millrace-packager'];
    await plane.kubectl.run(['rollout', 'undo', ...args]);
    await plane.kubectl.run(['rollout', 'status', ...args, '--timeout=60s']);
    for (const name of await referred()) expect(await names()).toContain(name);
  });

  it('are removed with the release', async () => {
    await helm.uninstall(release);
    await expect.poll(names, { timeout: 30_000 }).toEqual([]);
  });
});

describe('the number of pods', () => {
  const release = { name: 'millrace', namespace: 'scaling' };
  const SCALED = 4;
  const replicas = async (): Promise<readonly (readonly [string, number])[]> =>
    (await list<Workload>(plane.kubectl, 'deployments', release.namespace))
      .filter(({ metadata }) => metadata.labels?.[COMPONENT] !== 'turn')
      .map(({ metadata, spec }) => [metadata.name, spec.replicas]);
  const scaled = async (): Promise<readonly (readonly [string, number])[]> =>
    (await replicas()).map(([name]) => [name, SCALED]);

  it.each(['hpa', 'keda'])('stays what it is when autoscaling is enabled, by %s', async (autoscaler) => {
    await createNamespace(plane.kubectl, release.namespace, 'restricted');
    await helm.install(release, values, [`defaults.replicas=${SCALED}`, 'services.turn.replicas=1']);
    const autoscaling = [`defaults.autoscaling.${autoscaler}.enabled=true`, 'services.turn.enabled=false'];
    await helm.upgrade(release, values, autoscaling);
    expect(await replicas()).toEqual(await scaled());
    // And while it is on, whatever else changes.
    await helm.upgrade(release, values, [...autoscaling, 'logLevel=debug']);
    expect(await replicas()).toEqual(await scaled());
    await helm.uninstall(release);
  });

  it('stays none of a service that was stopped', async () => {
    await helm.install(release, values);
    await plane.kubectl.run(['scale', '-n', release.namespace, 'deployment/millrace-signaling', '--replicas=0']);
    await helm.upgrade(release, values, ['services.signaling.autoscaling.hpa.enabled=true']);
    expect(new Map(await replicas()).get('millrace-signaling')).toBe(0);
    await helm.uninstall(release);
  });
});
