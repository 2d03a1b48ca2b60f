// What every set of values renders, point by point.
import { beforeAll, describe, expect, it } from 'vitest';
import { podTemplateOf } from './kubernetes-objects.ts';
import type { Container } from './kubernetes-objects.ts';
import { lintChart, NAMESPACE, renderChart, VALUES_FILES } from './render.ts';
import type { Rendered } from './render.ts';
import { componentOf, servicesOf } from './rendered-services.ts';
import type { RenderedService } from './rendered-services.ts';
import { violationsOf } from './restricted.ts';

describe.each(VALUES_FILES)('with %s', (file) => {
  let rendered: Rendered;
  let services: readonly RenderedService[];
  beforeAll(async () => {
    rendered = await renderChart([file]);
    services = servicesOf(rendered);
  });

  it('passes helm lint --strict', async () => {
    expect(await lintChart(file)).toContain('0 chart(s) failed');
  });

  it('renders no two objects of one name', () => {
    const names = rendered.objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    expect(names.filter((name) => (name.split('/')[1] ?? '').length > 63)).toEqual([]);
  });

  it('keeps to the standard "restricted", but for TURN on the network of its node', () => {
    for (const object of rendered.objects) {
      const pod = podTemplateOf(object)?.spec;
      if (pod === undefined) continue;
      expect(violationsOf(pod), object.metadata.name).toEqual(pod.hostNetwork === true ? ['hostNetwork'] : []);
      expect(pod.hostNetwork === true && componentOf(object) !== 'turn', object.metadata.name).toBe(false);
      for (const { securityContext } of pod.containers) expect(securityContext?.readOnlyRootFilesystem).toBe(true);
    }
  });

  it('gives no pod a token that it does not need, and none the addresses of all Services', () => {
    const wanted = rendered.ofKind('Role').length > 0;
    for (const object of rendered.objects) {
      const pod = podTemplateOf(object)?.spec;
      if (pod === undefined) continue;
      const isService = services.some(({ workload }) => workload === object);
      expect(pod.automountServiceAccountToken, object.metadata.name).toBe(wanted && isService);
      expect(pod.enableServiceLinks, object.metadata.name).toBe(false);
    }
  });

  it('asks each service three questions, and by the one that restarts it nothing about others', () => {
    for (const { name, container } of services) {
      const { startupProbe, readinessProbe, livenessProbe } = container;
      const paths = [startupProbe, readinessProbe, livenessProbe].map((probe) => probe?.httpGet?.path);
      expect(paths, name).toEqual(['/healthz', '/readyz', '/healthz']);
      expect(patience(startupProbe), name).toBeGreaterThan(patience(livenessProbe));
      expect(patience(readinessProbe), name).toBeLessThan(patience(livenessProbe));
    }
  });

  it('bounds what each container may use', () => {
    for (const object of rendered.objects)
      for (const { name, resources } of podTemplateOf(object)?.spec.containers ?? []) {
        expect(Object.keys(resources?.requests ?? {}), name).toEqual(expect.arrayContaining(['cpu', 'memory']));
        expect(Object.keys(resources?.limits ?? {}), name).toContain('memory');
      }
  });

  it('starts pods anew when their settings change, keeps a few old ones, and spreads them', () => {
    for (const { name, template, workload } of services) {
      expect(template.metadata.annotations?.['checksum/config'], name).toMatch(/^[0-9a-f]{64}$/);
      expect(workload.spec?.['revisionHistoryLimit'], name).toBe(5);
      expect(template.spec.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey)).toEqual([
        'kubernetes.io/hostname',
        'topology.kubernetes.io/zone',
      ]);
    }
  });

  it('has a Service for each, whose ports are those of its container', () => {
    for (const { name, container } of services) {
      const { spec } = rendered.one('Service', `live-millrace-${name}`);
      const ports = spec?.['ports'] as readonly { readonly name: string; readonly targetPort: string }[];
      expect(ports.map(({ targetPort }) => targetPort).sort()).toEqual(namesOfPorts(container).sort());
    }
  });

  it('has metrics on no Service that the world reaches', () => {
    for (const { spec = {}, metadata } of rendered.ofKind('Service')) {
      if (!['LoadBalancer', 'NodePort'].includes(String(spec['type']))) continue;
      const ports = spec['ports'] as readonly { readonly targetPort: string | number }[];
      expect(ports.map(({ targetPort }) => targetPort).filter((port) => port === 'admin' || port === 9464)).toEqual([]);
      expect(spec['externalTrafficPolicy'], metadata.name).toBe('Local');
    }
  });

  it('selects each pod by one Deployment alone', () => {
    for (const { workload } of services) {
      const { matchLabels } = workload.spec?.['selector'] as { readonly matchLabels: Readonly<Record<string, string>> };
      const selected = services.filter(({ template }) =>
        Object.entries(matchLabels).every(([key, value]) => template.metadata.labels?.[key] === value),
      );
      expect(selected.map((each) => each.workload)).toEqual([workload]);
    }
  });

  it('denies what no other policy allows, and has one for each service', () => {
    expect(rendered.one('NetworkPolicy', 'live-millrace-default-deny').spec).toMatchObject({
      policyTypes: ['Ingress', 'Egress'],
    });
    const named = rendered.ofKind('NetworkPolicy').map(({ metadata }) => metadata.name);
    for (const { name } of services) expect(named).toContain(`live-millrace-${name}`);
  });

  it('names only ports of its pods in policies', () => {
    for (const { name, container } of services) {
      const rules = rendered.one('NetworkPolicy', `live-millrace-${name}`).spec?.['ingress'] as readonly {
        readonly ports?: readonly { readonly port: string | number }[];
      }[];
      const ports = rules.flatMap((rule) => rule.ports ?? []).map(({ port }) => port);
      const unknown = ports.filter((port) => typeof port === 'string' && !namesOfPorts(container).includes(port));
      expect(unknown, name).toEqual([]);
    }
  });

  it('lets a budget take one pod of each at a time', () => {
    for (const { spec } of rendered.ofKind('PodDisruptionBudget'))
      expect(spec).toMatchObject({ maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' });
  });

  it('keeps the secrets that it makes', () => {
    for (const { metadata } of rendered.ofKind('Secret'))
      expect(metadata.annotations?.['helm.sh/resource-policy'], metadata.name).toBe('keep');
  });

  it('is all in the namespace of the release', () => {
    const elsewhere = rendered.objects.filter(
      ({ metadata }) => 'namespace' in metadata && metadata.namespace !== NAMESPACE,
    );
    expect(elsewhere).toEqual([]);
  });
});

const namesOfPorts = ({ ports = [] }: Container): string[] => ports.map(({ name }) => name);

const patience = (probe: Container['livenessProbe']): number =>
  (probe?.periodSeconds ?? 10) * (probe?.failureThreshold ?? 3);
