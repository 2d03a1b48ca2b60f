// What single values do.
import { isSecretKey } from '@millrace/domain';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { podTemplateOf } from './kubernetes-objects.ts';
import { helm, renderChart } from './render.ts';
import type { Overrides } from './render.ts';
import { servicesOf } from './rendered-services.ts';
import { ALERTS, CHART, DASHBOARDS } from '../paths.ts';

describe('the keys that the chart makes', () => {
  it('are such as the gateway takes: with the checksum of an operator’s key', async () => {
    const { data = {} } = (await renderChart(['ci/external.yaml'])).one('Secret', 'live-millrace-keys');
    const text = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString();
    expect(isSecretKey('mr_op', text('operator-key'))).toBe(true);
    expect(text('key-pepper')).toMatch(/^[A-Za-z0-9]{48}$/);
  });

  it('are not made where there is a Secret', async () => {
    const rendered = await renderChart(['ci/external.yaml'], { 'keys.existingSecret': 'mine' });
    expect(rendered.ofKind('Secret')).toEqual([]);
  });
});

describe('migrations', () => {
  it('run before an install and an upgrade, and gateways leave them alone', async () => {
    const rendered = await renderChart(['ci/external.yaml']);
    const job = rendered.one('Job', 'live-millrace-migrate');
    expect(job.metadata.annotations?.['helm.sh/hook']).toBe('pre-install,pre-upgrade');
    // What the release itself brings is not there yet.
    expect(podTemplateOf(job)?.spec.serviceAccountName).toBeUndefined();
    const gateway = servicesOf(rendered).find(({ name }) => name === 'gateway');
    expect(gateway?.environment['MILLRACE_DATABASE_MIGRATE']).toBe('false');
  });

  it('are a plain Job to apply by hand, or are left to gateways, or are left out', async () => {
    const kinds = async (mode: string) => {
      const rendered = await renderChart(['ci/external.yaml'], { 'migrations.mode': mode });
      const gateway = servicesOf(rendered).find(({ name }) => name === 'gateway');
      const hooks = rendered.ofKind('Job').map(({ metadata }) => metadata.annotations?.['helm.sh/hook']);
      return [hooks, gateway?.environment['MILLRACE_DATABASE_MIGRATE']];
    };
    expect(await kinds('job')).toEqual([[undefined], 'false']);
    expect(await kinds('gateway')).toEqual([[], 'true']);
    expect(await kinds('none')).toEqual([[], 'false']);
  });
});

describe('scaling', () => {
  const metrics: Readonly<Record<string, string>> = {
    gateway: 'millrace_requests_per_second',
    packager: 'millrace_packager_streams',
    'rtmp-edge': 'millrace_ingest_publishers',
    'rtsp-edge': 'millrace_ingest_connections',
    'srt-edge': 'millrace_ingest_connections',
    signaling: 'millrace_signaling_sockets',
    turn: 'millrace_turn_allocations',
  };

  it('goes by the metric of each service, and leaves replicas to it', async () => {
    const rendered = await renderChart(['ci/external.yaml'], { 'defaults.autoscaling.hpa.enabled': true });
    for (const { name, workload } of servicesOf(rendered)) {
      const { spec = {} } = rendered.one('HorizontalPodAutoscaler', workload.metadata.name);
      expect(JSON.stringify(spec['metrics'])).toContain(`"name":"${metrics[name]}"`);
      expect(workload.spec).not.toHaveProperty('replicas');
    }
  });

  it('by KEDA does not take a lost series for nothing to do', async () => {
    const rendered = await renderChart(['ci/keda.yaml']);
    const scaled = rendered.ofKind('ScaledObject');
    expect(scaled).toHaveLength(7);
    for (const { spec = {} } of scaled) {
      const [trigger] = spec['triggers'] as readonly { readonly metadata: Readonly<Record<string, string>> }[];
      expect(trigger?.metadata).toMatchObject({ ignoreNullValues: 'false' });
      expect(spec['fallback']).toMatchObject({ replicas: 2 });
    }
    expect(rendered.ofKind('HorizontalPodAutoscaler')).toEqual([]);
  });
});

describe('TURN', () => {
  it('with a port for each replica has a Service for each, with its relay ports and no other’s', async () => {
    const rendered = await renderChart(['ci/turn-port-per-replica.yaml']);
    const ports = ['0', '1'].map((replica) => {
      const { spec = {} } = rendered.one('Service', `live-millrace-turn-public-${replica}`);
      expect(spec['selector']).toMatchObject({ 'statefulset.kubernetes.io/pod-name': `live-millrace-turn-${replica}` });
      return (spec['ports'] as readonly { readonly port: number }[]).map(({ port }) => port);
    });
    expect(ports[0]).toEqual([3478, 3478, 5349, ...Array.from({ length: 20 }, (_, i) => 49_152 + i)]);
    expect(ports[1]).toEqual([3479, 3479, 5350, ...Array.from({ length: 20 }, (_, i) => 49_172 + i)]);
    const gateway = servicesOf(rendered).find(({ name }) => name === 'gateway');
    expect(gateway?.environment['MILLRACE_ICE_URLS']).toContain('turns:turn.example.com:5350?transport=tcp');
  });
});

describe('the addresses of a relay', () => {
  const iceUrls = async (files: readonly string[], overrides: Overrides = {}) =>
    servicesOf(await renderChart(files, overrides)).find(({ name }) => name === 'gateway')?.environment[
      'MILLRACE_ICE_URLS'
    ];

  it('are given to browsers whichever release runs it', async () => {
    const elsewhere = { 'services.turn.enabled': false, 'turn.hosts': ['turn.example.com'] };
    expect(await iceUrls(['ci/external.yaml'], elsewhere)).toContain('turn:turn.example.com:3478?transport=udp');
  });

  it('are none, never this machine, where no host is named', async () => {
    for (const file of ['values-dev.yaml', 'ci/external.yaml']) expect(await iceUrls([file]), file).toBe('');
    expect(await iceUrls(['ci/external.yaml'], { 'services.turn.enabled': false })).toBe('');
  });
});

describe('RTSP', () => {
  it('has both its ports behind a Service of its own, over TCP alone, and gateways tell its address', async () => {
    const rendered = await renderChart(['values-production.yaml']);
    const { spec } = rendered.one('Service', 'live-millrace-rtsp');
    expect(spec).toMatchObject({
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      sessionAffinity: 'ClientIP',
      ports: [
        { name: 'rtsp', port: 8554, targetPort: 'rtsp', protocol: 'TCP' },
        { name: 'rtsps', port: 8322, targetPort: 'rtsps', protocol: 'TCP' },
      ],
    });
    const [edge, gateway] = ['rtsp-edge', 'gateway'].map((of) => servicesOf(rendered).find(({ name }) => name === of));
    expect(gateway?.environment['MILLRACE_PUBLIC_RTSP_URL']).toBe('rtsps://rtsp.example.com:8322/live');
    expect(edge?.environment).toMatchObject({
      MILLRACE_RTSP_DRAIN_MS: '10800000',
      MILLRACE_RTSP_DRAIN_SPREAD_MS: '30000',
    });
    expect(edge?.container.ports?.map(({ containerPort }) => containerPort)).toEqual([9464, 8554, 8322]);
    const policy = rendered.one('NetworkPolicy', 'live-millrace-rtsp-edge').spec?.['ingress'];
    expect(policy).toMatchObject([
      { ports: [{ port: 'admin' }] },
      {
        ports: [
          { port: 'rtsp', protocol: 'TCP' },
          { port: 'rtsps', protocol: 'TCP' },
        ],
      },
    ]);
    expect(rendered.one('PodDisruptionBudget', 'live-millrace-rtsp-edge').spec).toHaveProperty('maxUnavailable');
  });

  it('is left out where it is disabled, and gateways then tell no address', async () => {
    const rendered = await renderChart(['ci/external.yaml'], { 'services.rtsp-edge.enabled': false });
    expect(rendered.objects.filter(({ metadata }) => metadata.name.includes('rtsp'))).toEqual([]);
    const gateway = servicesOf(rendered).find(({ name }) => name === 'gateway');
    expect(gateway?.environment).not.toHaveProperty('MILLRACE_PUBLIC_RTSP_URL');
  });
});

describe('SRT', () => {
  it('is behind a Service of its own over UDP, which keeps a client at its pod, and gateways tell its address', async () => {
    const rendered = await renderChart(['values-production.yaml']);
    expect(rendered.one('Service', 'live-millrace-srt').spec).toMatchObject({
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      sessionAffinity: 'ClientIP',
      ports: [{ name: 'srt', port: 8890, targetPort: 'srt', protocol: 'UDP' }],
    });
    const [edge, gateway] = ['srt-edge', 'gateway'].map((of) => servicesOf(rendered).find(({ name }) => name === of));
    expect(gateway?.environment['MILLRACE_PUBLIC_SRT_URL']).toBe('srt://srt.example.com:8890');
    expect(edge?.environment).toMatchObject({
      MILLRACE_SRT_DRAIN_MS: '300000',
      MILLRACE_SRT_DRAIN_SPREAD_MS: '30000',
    });
    expect(edge?.container.ports).toMatchObject([
      { containerPort: 9464, protocol: 'TCP' },
      { containerPort: 8890, protocol: 'UDP' },
    ]);
    expect(rendered.one('NetworkPolicy', 'live-millrace-srt-edge').spec?.['ingress']).toMatchObject([
      { ports: [{ port: 'admin' }] },
      { ports: [{ port: 'srt', protocol: 'UDP' }] },
    ]);
    expect(rendered.one('PodDisruptionBudget', 'live-millrace-srt-edge').spec).toHaveProperty('maxUnavailable');
  });

  it('is reached on node ports, and by a UDPRoute, where the values say so', async () => {
    const rendered = await renderChart(['ci/external.yaml'], {
      'srt.expose': 'nodePort',
      'srt.host': 'srt.example',
      'srt.nodePort': 31_890,
      'srt.udpRoute.enabled': true,
      'srt.udpRoute.parentRefs': [{ name: 'edge' }],
    });
    const gateway = servicesOf(rendered).find(({ name }) => name === 'gateway');
    expect(gateway?.environment['MILLRACE_PUBLIC_SRT_URL']).toBe('srt://srt.example:31890');
    expect(rendered.one('Service', 'live-millrace-srt').spec).toMatchObject({
      type: 'NodePort',
      ports: [{ port: 8890, nodePort: 31_890, protocol: 'UDP' }],
    });
    expect(rendered.one('UDPRoute', 'live-millrace-srt').spec).toMatchObject({
      rules: [{ backendRefs: [{ name: 'live-millrace-srt-edge', port: 8890 }] }],
    });
  });

  it('is left out where it is disabled, and gateways then tell no address', async () => {
    const rendered = await renderChart(['ci/external.yaml'], { 'services.srt-edge.enabled': false });
    expect(rendered.objects.filter(({ metadata }) => metadata.name.includes('srt'))).toEqual([]);
    const gateway = servicesOf(rendered).find(({ name }) => name === 'gateway');
    expect(gateway?.environment).not.toHaveProperty('MILLRACE_PUBLIC_SRT_URL');
  });
});

describe('RTMP on node ports', () => {
  it('is announced by the port of the nodes', async () => {
    const nodePort = { 'rtmp.expose': 'nodePort', 'rtmp.host': 'rtmp.example', 'rtmp.nodePort': 31_935 };
    const rendered = await renderChart(['ci/external.yaml'], nodePort);
    const gateway = servicesOf(rendered).find(({ name }) => name === 'gateway');
    expect(gateway?.environment['MILLRACE_PUBLIC_RTMP_URL']).toBe('rtmp://rtmp.example:31935/live');
    expect(rendered.one('Service', 'live-millrace-rtmp').spec).toMatchObject({
      type: 'NodePort',
      ports: [{ port: 1935, nodePort: 31_935 }],
    });
  });
});

describe('who may read metrics', () => {
  const peersOf = async (overrides: Overrides): Promise<unknown> => {
    const { spec } = (await renderChart(['ci/external.yaml'], overrides)).one('NetworkPolicy', 'live-millrace-gateway');
    const rules = spec?.['ingress'] as readonly { readonly from?: unknown; readonly ports?: unknown }[];
    return rules.find(({ ports }) => JSON.stringify(ports).includes('"admin"'))?.from;
  };

  it('is the namespace of the release when nothing is said, and never the whole cluster', async () => {
    expect(await peersOf({ 'networkPolicy.metricsFrom': [], 'metrics.serviceMonitor.enabled': false })).toEqual([
      { podSelector: {} },
    ]);
  });

  it('is what is named', async () => {
    const monitoring = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } };
    expect(await peersOf({ 'networkPolicy.metricsFrom': [monitoring] })).toEqual([monitoring]);
  });
});

describe('proxies that the gateway believes', () => {
  it('are those in front of it, where there are some', async () => {
    const trusted = async (overrides: Overrides): Promise<string | undefined> => {
      const rendered = await renderChart(['ci/external.yaml'], overrides);
      const maps = rendered.ofKind('ConfigMap') as readonly { readonly data?: Readonly<Record<string, string>> }[];
      return maps.map(({ data }) => data?.['MILLRACE_HTTP_TRUSTED_PROXIES']).find((value) => value !== undefined);
    };
    const ingress = { 'ingress.enabled': true, 'ingress.host': 'a.example', 'ingress.signalingHost': 'b.example' };
    expect(await trusted({ ...ingress, 'ingress.trustedProxyRanges': ['10.1.0.0/16'] })).toBe('10.1.0.0/16');
    expect(await trusted(ingress)).toContain('10.0.0.0/8');
    expect(await trusted({ 'ingress.enabled': false, 'httpRoute.enabled': false })).toBeUndefined();
  });
});

describe('webhooks', () => {
  const peersOf = async (overrides: Overrides, service: string): Promise<unknown> => {
    const rendered = await renderChart(['ci/external.yaml'], overrides);
    const { spec } = rendered.one('NetworkPolicy', `live-millrace-${service}`);
    const rules = spec?.['egress'] as readonly { readonly to?: unknown; readonly ports?: unknown }[];
    return rules.find(({ ports }) => JSON.stringify(ports ?? []).includes('"endPort":65535'))?.to;
  };

  it('may leave gateways for public addresses, or for what is named, and no other service', async () => {
    expect(JSON.stringify(await peersOf({}, 'gateway'))).toContain('169.254.0.0/16');
    const proxy = { podSelector: { matchLabels: { app: 'egress-proxy' } } };
    expect(await peersOf({ 'networkPolicy.webhooks.to': [proxy] }, 'gateway')).toEqual([proxy]);
    expect(await peersOf({}, 'packager')).toBeUndefined();
  });

  it('are not all that may leave: edges pull streams, and send them to simulcast targets, at public addresses or at what is named', async () => {
    const inside = { ipBlock: { cidr: '192.168.7.0/24' } };
    for (const edge of ['rtmp-edge', 'rtsp-edge', 'srt-edge']) {
      expect(JSON.stringify(await peersOf({}, edge))).toContain('169.254.0.0/16');
      expect(await peersOf({ 'networkPolicy.streams.to': [inside] }, edge)).toEqual([inside]);
    }
  });
});

describe('the ports of network policies', () => {
  const portsTo = async (overrides: Overrides): Promise<readonly number[]> => {
    const { spec } = (await renderChart(['ci/external.yaml'], overrides)).one('NetworkPolicy', 'live-millrace-gateway');
    const egress = spec?.['egress'] as readonly {
      readonly ports: readonly { readonly port: number; readonly endPort?: number }[];
    }[];
    // A range of ports is that of webhooks.
    return egress.flatMap(({ ports }) => ports.flatMap(({ port, endPort }) => (endPort === undefined ? [port] : [])));
  };

  it('follow the addresses of the backends', async () => {
    expect(await portsTo({})).toEqual([5432, 4222, 6379]);
    const moved = {
      'postgres.port': 6432,
      'nats.url': 'nats://a:4223,tls://user@b:4224',
      'redis.url': 'rediss://redis.example:6380',
    };
    expect(await portsTo(moved)).toEqual([6432, 4223, 4224, 6380]);
  });

  it('are those that are named where the address is in a Secret', async () => {
    const secret = { 'redis.existingSecret': 'redis', 'redis.urlKey': 'url', 'networkPolicy.redis.port': 7000 };
    expect(await portsTo(secret)).toEqual([5432, 4222, 7000]);
  });
});

describe('settings', () => {
  const configOf = async (overrides: Overrides = {}) =>
    servicesOf(await renderChart(['ci/external.yaml'], overrides)).map(
      ({ name, container }) => [name, container.envFrom?.[0]?.configMapRef?.name] as const,
    );

  it('are in a ConfigMap named after what it holds, so that pods of another version keep theirs', async () => {
    const before = new Map(await configOf());
    const after = new Map(await configOf({ 'services.packager.settings.MILLRACE_WORK_SPREAD_MS': 1 }));
    const changed = [...before.keys()].filter((name) => before.get(name) !== after.get(name));
    expect(changed).toEqual(['packager']);
    for (const name of before.values()) expect(name).toMatch(/^live-millrace-[a-z-]+-[0-9a-f]{8}$/);
  });

  it('cannot be changed in place', async () => {
    const { objects } = await renderChart(['ci/external.yaml']);
    const maps = objects.filter(({ metadata }) => metadata.labels?.['millrace.dev/settings'] !== undefined);
    expect(maps.map((map) => 'immutable' in map && map.immutable)).toEqual(Array.from({ length: 7 }, () => true));
  });
});

describe('what operators add', () => {
  const EXTRAS: Overrides = {
    commonLabels: { team: 'video' },
    commonAnnotations: { 'example.com/owner': 'video' },
    'image.registry': 'mirror.example',
    trustedCAs: { existingConfigMap: 'company-cas', key: 'bundle.pem' },
    'defaults.extraVolumes': [{ name: 'scratch', emptyDir: {} }],
    'defaults.extraVolumeMounts': [{ name: 'scratch', mountPath: '/scratch' }],
    'defaults.initContainers': [{ name: 'wait', image: 'busybox' }],
    'defaults.sidecars': [{ name: 'proxy', image: 'envoy' }],
    'defaults.dnsConfig': { nameservers: ['10.0.0.10'] },
    'defaults.hostAliases': [{ ip: '10.0.0.11', hostnames: ['db'] }],
    'defaults.podSecurityContext': { runAsUser: null, runAsGroup: null, fsGroup: null },
    'defaults.probes.startup': { failureThreshold: 120 },
    'migrations.nodeSelector': { pool: 'jobs' },
    'tests.tolerations': [{ key: 'spot', operator: 'Exists' }],
    extraObjects: [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'extra-map' } },
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: "{{ .Release.Name }}-extra-text" }',
    ],
  };

  it('is in every pod of a service, and leaves the rest as it was', async () => {
    const rendered = await renderChart(['ci/external.yaml'], EXTRAS);
    const services = servicesOf(rendered);
    expect(services).toHaveLength(7);
    for (const { name, template, container } of services) {
      const { spec } = template;
      expect(spec, name).toMatchObject({
        dnsConfig: { nameservers: ['10.0.0.10'] },
        hostAliases: [{ ip: '10.0.0.11' }],
        initContainers: [{ name: 'wait' }],
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      });
      expect(Object.keys(spec.securityContext ?? {}), name).not.toContain('runAsUser');
      expect(spec.containers.map((each) => each.name)).toEqual([name, 'proxy']);
      expect(container.image).toMatch(/^mirror\.example\/millrace\//);
      expect(container.volumeMounts?.map(({ mountPath }) => mountPath)).toEqual(
        expect.arrayContaining(['/scratch', '/run/trusted-cas']),
      );
      expect(spec.volumes?.map((volume) => volume.name)).toEqual(expect.arrayContaining(['scratch', 'trusted-cas']));
      expect(container.env).toContainEqual({ name: 'NODE_EXTRA_CA_CERTS', value: '/run/trusted-cas/ca.crt' });
      expect(container.startupProbe).toMatchObject({ failureThreshold: 120, periodSeconds: 2 });
    }
  });

  it('reaches the migration, the test, and every object', async () => {
    const rendered = await renderChart(['ci/external.yaml'], EXTRAS);
    const migrate = podTemplateOf(rendered.one('Job', 'live-millrace-migrate'))?.spec;
    expect(migrate).toMatchObject({ nodeSelector: { pool: 'jobs' } });
    expect(migrate?.containers[0]?.env).toContainEqual({
      name: 'NODE_EXTRA_CA_CERTS',
      value: '/run/trusted-cas/ca.crt',
    });
    const test = podTemplateOf(rendered.one('Pod', 'live-millrace-test-publish-and-play'))?.spec;
    expect(test).toMatchObject({ tolerations: [{ key: 'spot' }] });
    rendered.one('ConfigMap', 'extra-map');
    rendered.one('ConfigMap', 'live-extra-text');
    const own = rendered.objects.filter(({ metadata }) => !metadata.name.includes('extra-'));
    for (const { kind, metadata } of own) {
      expect(metadata.labels?.['team'], `${kind} ${metadata.name}`).toBe('video');
      expect(metadata.annotations?.['example.com/owner'], `${kind} ${metadata.name}`).toBe('video');
    }
  });

  it('routes TCP and UDP by a Gateway', async () => {
    const routes = { enabled: true, parentRefs: [{ name: 'edge' }] };
    const rendered = await renderChart(['values-dev.yaml'], { 'rtmp.tcpRoute': routes, 'turn.routes': routes });
    const found = rendered.ofKind('TCPRoute', 'UDPRoute').map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(found).toEqual([
      'TCPRoute live-millrace-rtmp',
      'TCPRoute live-millrace-turn',
      'UDPRoute live-millrace-turn',
    ]);
  });

  it('annotates one Ingress apart from the other', async () => {
    const rendered = await renderChart(['values-production.yaml'], {
      'ingress.annotations': { both: 'yes' },
      'ingress.signalingAnnotations': { timeout: '3600' },
    });
    const annotations = ['gateway', 'signaling'].map(
      (name) => rendered.one('Ingress', `live-millrace-${name}`).metadata.annotations,
    );
    expect(annotations).toEqual([{ both: 'yes' }, { both: 'yes', timeout: '3600' }]);
  });

  it('names severities, clusters and runbooks as alerts are routed', async () => {
    const rendered = await renderChart(['values-production.yaml'], {
      'metrics.extraLabels': { cluster: 'prod-1' },
      'metrics.prometheusRule.severities': { page: 'critical' },
      'metrics.prometheusRule.runbookBaseUrl': 'https://git.example/millrace/blob/main/',
    });
    interface Rule {
      readonly alert?: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly annotations: Readonly<Record<string, string>>;
    }
    const alerts = rendered
      .ofKind('PrometheusRule')
      .flatMap(({ spec }) => (spec?.['groups'] as readonly { readonly rules: readonly Rule[] }[]) ?? [])
      .flatMap(({ rules }) => rules)
      .filter(({ alert }) => alert !== undefined);
    expect(alerts.length).toBeGreaterThan(30);
    expect(new Set(alerts.map(({ labels }) => labels['severity']))).toEqual(new Set(['critical', 'ticket', 'info']));
    for (const { labels, annotations } of alerts) {
      expect(labels['cluster']).toBe('prod-1');
      expect(annotations['runbook_url']).toMatch(
        /^https:\/\/git\.example\/millrace\/blob\/main\/docs\/runbooks\/\w+\.md$/,
      );
    }
    expect(JSON.stringify(rendered.one('ServiceMonitor', 'live-millrace').spec)).toContain('"prod-1"');
  });
});

describe('a trial', () => {
  const QUANTITIES: Readonly<Record<string, number>> = { m: 0.001, Mi: 1, Gi: 1_024 };
  const amount = (text = '0'): number => {
    const [, number = '0', unit = ''] = /^(\d+)(\D*)$/.exec(text) ?? [];
    return Number(number) * (QUANTITIES[unit] ?? 1);
  };

  it('fits a cluster of 2 CPUs and 4 GiB, beside what Kubernetes itself takes of it', async () => {
    const { objects } = await renderChart(['values-dev.yaml']);
    const requests = objects.flatMap((object) =>
      (podTemplateOf(object)?.spec.containers ?? []).map(({ resources }) => resources?.requests),
    );
    const total = (resource: string): number => requests.reduce((sum, each) => sum + amount(each?.[resource]), 0);
    expect(requests.length).toBeGreaterThan(8);
    expect(total('cpu')).toBeLessThanOrEqual(1);
    expect(total('memory')).toBeLessThanOrEqual(2_048);
  });

  it('waits for no load balancer', async () => {
    const services = (await renderChart(['values-dev.yaml'])).ofKind('Service');
    expect(services.map(({ spec }) => spec?.['type']).filter((type) => type === 'LoadBalancer')).toEqual([]);
  });

  it('lets PostgreSQL write where its entrypoint and its server do', async () => {
    const workload = (await renderChart(['values-dev.yaml'])).one('StatefulSet', 'live-millrace-postgres');
    const mounts = podTemplateOf(workload)?.spec.containers[0]?.volumeMounts ?? [];
    const writable = mounts.filter(({ readOnly }) => readOnly !== true).map(({ mountPath }) => mountPath);
    expect(writable.toSorted()).toEqual(['/tmp', '/var/lib/postgresql', '/var/run/postgresql']);
  });
});

it.each(['rtmp', 'rtsp', 'srt'])('%s is on both families, in its pods and before them', async (protocol) => {
  const rendered = await renderChart(['ci/turn-port-per-replica.yaml']);
  const edge = servicesOf(rendered).find(({ name }) => name === `${protocol}-edge`);
  expect(edge?.environment[`MILLRACE_${protocol.toUpperCase()}_HOST`]).toBe('::');
  expect(rendered.one('Service', `live-millrace-${protocol}`).spec).toMatchObject({
    ipFamilyPolicy: 'PreferDualStack',
  });
});

describe('certificates', () => {
  it('are whole folders, never single files, so that a renewed one arrives', async () => {
    const mounts = servicesOf(await renderChart(['values-production.yaml'])).flatMap(({ container }) =>
      (container.volumeMounts ?? []).filter(({ name }) => name === 'tls'),
    );
    expect(mounts).toHaveLength(3);
    expect(mounts.filter(({ subPath }) => subPath !== undefined)).toEqual([]);
  });
});

describe('large whole numbers', () => {
  it('reach a service as they were written', async () => {
    const rendered = await renderChart(['ci/external.yaml'], {
      'services.gateway.settings.MILLRACE_SEGMENT_CACHE_BYTES': 4_294_967_296,
    });
    const gateway = servicesOf(rendered).find(({ name }) => name === 'gateway');
    expect(gateway?.environment['MILLRACE_SEGMENT_CACHE_BYTES']).toBe('4294967296');
  });
});

it('without any values says what is missing', async () => {
  await expect(helm(['template', 'live', CHART])).rejects.toThrow(/postgres: say where the database is/);
});

describe('what Prometheus and Grafana are given', () => {
  it('is every file of alerts and every dashboard, as they are', async () => {
    const rendered = await renderChart(['values-production.yaml']);
    const rules = rendered.ofKind('PrometheusRule').map(({ spec }) => spec);
    expect(rules).toEqual(
      readdirSync(ALERTS).map((file) => parse(readFileSync(join(ALERTS, file), 'utf8')) as unknown),
    );
    const dashboards = rendered
      .ofKind('ConfigMap')
      .filter(({ metadata }) => metadata.labels?.grafana_dashboard === '1');
    const contents = Object.assign({}, ...dashboards.map(({ data }) => data)) as Record<string, string>;
    expect(Object.keys(contents).toSorted()).toEqual(readdirSync(DASHBOARDS).toSorted());
    for (const [file, text] of Object.entries(contents))
      expect(text).toBe(readFileSync(join(DASHBOARDS, file), 'utf8'));
  });
});
