// An installation by Helm from its first day to its last: installed, upgraded, rolled back, scaled, drained, removed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlPlane } from '../control-plane/control-plane.ts';
import { AvailabilityWatch } from './availability.ts';
import { evict } from './evict.ts';
import { Helm } from './helm.ts';
import { createNamespace, levelFor } from './namespaces.ts';
import { COMPONENT, labelSelector, list, secretsOf, settingsOf } from './objects.ts';
import type { Budget, ConfigMap, Pod, Workload } from './objects.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { valuesFiles } from './values-files.ts';

const LOG_LEVEL = 'MILLRACE_LOG_LEVEL';
const GARBAGE_COLLECTED_MS = 30_000;

let plane: ControlPlane;
let helm: Helm;
beforeAll(async () => {
  plane = await ControlPlane.start(temporaryFolder());
  helm = await Helm.with(plane.access.kubeconfig);
});
afterAll(() => plane?.stop());

describe.each(valuesFiles)('$name', ({ name, path }) => {
  const release = { name: 'millrace', namespace: name };
  let secrets: Readonly<Record<string, unknown>>;

  it('is installed, and all of its pods are admitted and find a node', async () => {
    await createNamespace(plane.kubectl, name, 'restricted');
    await createNamespace(plane.kubectl, name, levelFor(await helm.template(release, [path])));
    await helm.install(release, [path]);
    secrets = await secretsOf(plane.kubectl, name);
    for (const { metadata, spec, status } of await workloads())
      expect(`${metadata.name}: ${status.availableReplicas}`).toBe(`${metadata.name}: ${spec.replicas}`);
    const lost = (await list<Pod>(plane.kubectl, 'pods', name)).filter(({ spec }) => spec.nodeName === undefined);
    expect(lost).toEqual([]);
  });

  it('has autoscalers that find what they scale', async () => {
    const autoscalers = await list<Workload>(plane.kubectl, 'horizontalpodautoscalers', name);
    for (const { metadata } of autoscalers) {
      const autoscaler = `horizontalpodautoscaler/${metadata.name}`;
      await plane.kubectl.run(['wait', '-n', name, '--for=condition=AbleToScale', autoscaler, '--timeout=60s']);
    }
  });

  it('loses no more pods of a service at once to a drained node than its budget allows', async () => {
    const nodes = await list<Workload>(plane.kubectl, 'nodes', name);
    const names = nodes.map(({ metadata }) => metadata.name);
    // So that what was evicted stays away, as in a cluster that is full.
    await plane.kubectl.run(['cordon', ...names]);
    for (const { metadata, spec } of await list<Budget>(plane.kubectl, 'poddisruptionbudgets', name)) {
      const pods = await list<Pod>(plane.kubectl, 'pods', name, labelSelector(spec.selector.matchLabels));
      const answers: boolean[] = [];
      for (const pod of pods) answers.push(await evict(plane.kubectl, name, pod.metadata.name));
      expect(answers.filter(Boolean).length, metadata.name).toBe(spec.maxUnavailable);
    }
    await plane.kubectl.run(['uncordon', ...names]);
    await plane.kubectl.run(['rollout', 'status', 'deployment', '-n', name, '--timeout=60s']);
  });

  it('is upgraded pod by pod, and keeps its secrets', async () => {
    const watch = await AvailabilityWatch.start(plane.kubectl, name);
    await helm.upgrade(release, [path], ['logLevel=debug']);
    await watch.stop();
    for (const { metadata, spec } of await deployments()) {
      // TURN in the network of its node cannot have two pods on one: an old one goes before a new one comes.
      const allowed = metadata.labels?.[COMPONENT] === 'turn' ? 1 : 0;
      expect(watch.least.get(metadata.name), metadata.name).toBeGreaterThanOrEqual(spec.replicas - allowed);
    }
    expect(await secretsOf(plane.kubectl, name)).toEqual(secrets);
    expect(await logLevels()).toEqual(['debug']);
  });

  it('is rolled back, and keeps its secrets', async () => {
    await helm.rollback(release, 1);
    expect(await secretsOf(plane.kubectl, name)).toEqual(secrets);
    expect(await logLevels()).not.toContain('debug');
  });

  it('is removed', async () => {
    await helm.uninstall(release);
    const kinds =
      'deployments,statefulsets,services,configmaps,jobs,poddisruptionbudgets,horizontalpodautoscalers,networkpolicies';
    // Settings of former pods go with their Deployment, when the garbage collector gets to them.
    const left = async (): Promise<readonly string[]> => {
      const found = await list<Workload>(plane.kubectl, kinds, name, 'app.kubernetes.io/instance=millrace');
      return found.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    };
    await expect.poll(left, { timeout: GARBAGE_COLLECTED_MS }).toEqual([]);
  });

  const deployments = (): Promise<readonly Workload[]> => list<Workload>(plane.kubectl, 'deployments', name);
  const workloads = (): Promise<readonly Workload[]> => list<Workload>(plane.kubectl, 'deployments,statefulsets', name);

  /** What the pods of Millrace's services are told: by the ConfigMaps that they name, since those of former pods are kept. */
  async function logLevels(): Promise<readonly string[]> {
    const configMaps = await list<ConfigMap>(plane.kubectl, 'configmaps', name);
    const named = new Set((await workloads()).flatMap(settingsOf));
    const levels = configMaps.filter(({ metadata }) => named.has(metadata.name)).map(({ data }) => data?.[LOG_LEVEL]);
    return [...new Set(levels)].filter((level) => level !== undefined);
  }
});
