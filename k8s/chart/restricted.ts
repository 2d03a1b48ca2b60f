// The Pod Security Standard "restricted", as the Kubernetes documentation lists it.
import type { Container, PodSpec } from './kubernetes-objects.ts';

const ALLOWED_VOLUMES = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim'];
const VOLUMES = new Set([...ALLOWED_VOLUMES, 'projected', 'secret']);

/** @returns what of a pod the standard forbids, as text; empty when it may run */
export function violationsOf(pod: PodSpec): readonly string[] {
  const { securityContext = {}, volumes = [] } = pod;
  const host = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((key) => pod[key] === true);
  const badVolumes = volumes.flatMap(({ name, ...kinds }) =>
    Object.keys(kinds)
      .filter((kind) => !VOLUMES.has(kind))
      .map((kind) => `volume ${name} is a ${kind}`),
  );
  const containers = [...(pod.initContainers ?? []), ...pod.containers].flatMap((container) =>
    violationsOfContainer(container, securityContext),
  );
  return [...host, ...badVolumes, ...containers];
}

function violationsOfContainer(container: Container, pod: PodSpec['securityContext'] = {}): string[] {
  const own = container.securityContext ?? {};
  const { add = [], drop = [] } = own.capabilities ?? {};
  const seccomp = (own.seccompProfile ?? pod.seccompProfile)?.type;
  const faults: readonly (readonly [boolean, string])[] = [
    [own.privileged === true, 'is privileged'],
    [own.allowPrivilegeEscalation !== false, 'may escalate privileges'],
    [(own.runAsNonRoot ?? pod.runAsNonRoot) !== true, 'may run as root'],
    [(own.runAsUser ?? pod.runAsUser) === 0, 'runs as root'],
    [seccomp !== 'RuntimeDefault' && seccomp !== 'Localhost', 'has no seccomp profile'],
    [!drop.includes('ALL'), 'keeps capabilities'],
    [add.some((capability) => capability !== 'NET_BIND_SERVICE'), 'adds capabilities'],
    [(container.ports ?? []).some(({ hostPort }) => hostPort !== undefined), 'has ports of the host'],
  ];
  return faults.filter(([bad]) => bad).map(([, fault]) => `${container.name} ${fault}`);
}
