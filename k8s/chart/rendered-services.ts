import { podTemplateOf } from './kubernetes-objects.ts';
import type { Container, KubernetesObject, PodTemplate } from './kubernetes-objects.ts';
import type { Rendered } from './render.ts';
import { SERVICE_SETTINGS } from './service-settings.ts';
import type { Environment, ServiceSettings } from './service-settings.ts';

/** What became of one service. */
export interface RenderedService {
  readonly name: string;
  readonly settings: ServiceSettings;
  /** Its Deployment or StatefulSet. */
  readonly workload: KubernetesObject;
  readonly template: PodTemplate;
  readonly container: Container;
  /** What its container is given; what only a running pod knows stands as the path of its field. */
  readonly environment: Environment;
}

export function servicesOf(rendered: Rendered): readonly RenderedService[] {
  return rendered.ofKind('Deployment', 'StatefulSet').flatMap((workload) => {
    const name = componentOf(workload);
    const settings = SERVICE_SETTINGS.get(name);
    const template = podTemplateOf(workload);
    const container = template?.spec.containers[0];
    if (settings === undefined || template === undefined || container === undefined) return [];
    return [{ name, settings, workload, template, container, environment: environmentOf(rendered, container) }];
  });
}

export const componentOf = ({ metadata }: KubernetesObject): string =>
  metadata.labels?.['app.kubernetes.io/component'] ?? '';

function environmentOf(rendered: Rendered, { env = [], envFrom = [] }: Container): Environment {
  const maps = envFrom.flatMap(({ configMapRef }) => configMapRef?.name ?? []);
  const data = maps.map((name) => rendered.one('ConfigMap', name).data ?? {});
  const own = env.map(({ name, value, valueFrom }) => [name, value ?? valueFrom?.fieldRef?.fieldPath ?? '']);
  return Object.assign({}, ...data, Object.fromEntries(own)) as Environment;
}
