// A real API server takes every object of every set of values, without a warning, under the strictest Pod Security Standard.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlPlane } from '../control-plane/control-plane.ts';
import { Helm } from './helm.ts';
import { createNamespace, usesHostNetwork } from './namespaces.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { valuesFiles } from './values-files.ts';

let plane: ControlPlane;
let helm: Helm;
beforeAll(async () => {
  plane = await ControlPlane.start(temporaryFolder());
  helm = await Helm.with(plane.access.kubeconfig);
});
afterAll(() => plane?.stop());

describe.each(valuesFiles)('the objects of $name', ({ name, path }) => {
  it('are what the API server knows, and restricted but for TURN on the network of its nodes', async () => {
    const namespace = await createNamespace(plane.kubectl, `${name}-restricted`, 'restricted');
    const manifests = (await helm.template({ name: 'millrace', namespace }, [path])).split(/^---$/m);
    const onNodes = manifests.filter(usesHostNetwork);
    await dryRun(
      namespace,
      manifests.filter((manifest) => !onNodes.includes(manifest)),
    );
    for (const manifest of onNodes) expect(manifest).toMatch(/^\s*app\.kubernetes\.io\/component: turn$/m);
    if (onNodes.length === 0) return;
    const open = await createNamespace(plane.kubectl, `${name}-privileged`, 'privileged');
    await dryRun(
      open,
      onNodes.map((manifest) => manifest.replaceAll(`namespace: ${namespace}`, `namespace: ${open}`)),
    );
  });
});

async function dryRun(namespace: string, manifests: readonly string[]): Promise<void> {
  const args = ['apply', '--dry-run=server', '--warnings-as-errors', '--namespace', namespace, '--filename', '-'];
  const answer = await plane.kubectl.run(args, manifests.join('\n---\n'));
  const lines = answer.trim().split('\n');
  expect(lines.filter((line) => !line.endsWith('(server dry run)'))).toEqual([]);
  const kinds = manifests.filter((manifest) => /^kind: /m.test(manifest));
  expect(lines.length).toBe(kinds.length);
}
