// Puts the parts together, where the settings ask for it.
import { ConfigError } from '../config/config-error.ts';
import type { Logger } from '../logging/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { ClusterPod } from './cluster-pod.ts';
import { PodDeletionCost } from './pod-deletion-cost.ts';

export interface PodSettings {
  readonly podDeletionCost: boolean;
  readonly podName: string | undefined;
  readonly podNamespace: string | undefined;
  /** Kubernetes sets these two in every container. */
  readonly kubernetesHost: string | undefined;
  readonly kubernetesPort: number;
}

/** @returns stops it; does nothing when it is not wanted. @throws ConfigError when a name is missing */
export function tellPodDeletionCost(
  settings: PodSettings,
  load: () => number,
  metrics: Metrics,
  logger: Logger,
): () => void {
  if (!settings.podDeletionCost) return () => undefined;
  const pod = new ClusterPod({
    host: needed(settings.kubernetesHost, 'KUBERNETES_SERVICE_HOST'),
    port: settings.kubernetesPort,
    name: needed(settings.podName, 'MILLRACE_POD_NAME'),
    namespace: needed(settings.podNamespace, 'MILLRACE_POD_NAMESPACE'),
  });
  const cost = new PodDeletionCost({ pod, load, metrics, logger });
  cost.start();
  return () => cost.stop();
}

function needed(value: string | undefined, variable: string): string {
  if (value !== undefined) return value;
  throw new ConfigError([{ variable, fault: 'must be set when MILLRACE_POD_DELETION_COST is true' }]);
}
