// What keeps the chart and the code together: every variable that a pod is given is a setting of its service, and the service takes it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { newSecretKey } from '@millrace/domain';
import { variablesOf } from '@millrace/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { podTemplateOf } from './kubernetes-objects.ts';
import type { Rendered } from './render.ts';
import { renderChart, VALUES_FILES } from './render.ts';
import { servicesOf } from './rendered-services.ts';
import type { RenderedService } from './rendered-services.ts';
import type { Environment } from './service-settings.ts';

/** What stands in the files that Secrets are mounted as, by their names. */
const SECRETS: Readonly<Record<string, string>> = {
  'operator-key': newSecretKey('mr_op'),
  'key-pepper': 'p'.repeat(48),
  'postgres-url': 'postgres://millrace:secret@db/millrace',
  'nats-url': 'nats://millrace:secret@nats:4222',
  'redis-url': 'redis://:secret@redis:6379',
  'postgres-password': 'secret',
  'nats-password': 'secret',
  'redis-password': 'secret',
};

/** What only a running pod knows. */
const FIELDS: Readonly<Record<string, string>> = {
  'status.podIP': '10.1.2.3',
  'status.hostIP': '192.0.2.7',
  "metadata.labels['apps.kubernetes.io/pod-index']": '1',
  'metadata.name': 'live-millrace-gateway-5d8f-x',
  'metadata.namespace': 'media',
};

/** Between the end of a process and the end of the time that Kubernetes grants it. */
const KUBELET_SECONDS = 5;

/** No settings of ours, and read by what we use. */
const OTHERS = new Set(['OTEL_EXPORTER_OTLP_ENDPOINT']);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-chart-'));
  for (const [name, text] of Object.entries(SECRETS)) writeFileSync(join(folder, name), `${text}\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** As the pod has it, with its secrets where this test can read them. */
function resolved(environment: Environment): Environment {
  const entries = Object.entries(environment).map(([name, value]) => {
    if (value.startsWith('/run/secrets/')) return [name, join(folder, basename(value))];
    return [name, FIELDS[value] ?? value];
  });
  return Object.fromEntries(entries) as Environment;
}

describe.each(VALUES_FILES)('with %s', (file) => {
  let rendered: Rendered;
  let services: readonly RenderedService[];
  beforeAll(async () => {
    rendered = await renderChart([file]);
    services = servicesOf(rendered);
  });

  it('has a service', () => expect(services.length).toBeGreaterThan(0));

  it('sets what the service knows, and nothing else', () => {
    for (const { name, settings, environment } of services) {
      const known = new Set(settings.list().flatMap(variablesOf));
      const unknown = Object.keys(environment).filter((variable) => !known.has(variable) && !OTHERS.has(variable));
      expect(unknown, name).toEqual([]);
    }
  });

  it('grants each the time that its stop may take by the settings it is given, and a few seconds more', () => {
    for (const { name, settings, environment, template } of services) {
      const neededSeconds = settings.gracePeriodMs(resolved(environment)) / 1_000;
      expect(template.spec.terminationGracePeriodSeconds, name).toBe(neededSeconds + KUBELET_SECONDS);
    }
  });

  it('has nothing secret in a variable or a ConfigMap', () => {
    for (const object of rendered.objects) {
      const containers = podTemplateOf(object)?.spec.containers ?? [];
      const variables = containers.flatMap(({ env = [] }) => env);
      const given = variables.filter(({ name }) => /PASSWORD|PEPPER|KEY|SECRET|TOKEN/.test(name));
      expect(given.filter(({ name }) => !name.endsWith('_FILE'))).toEqual([]);
      if (object.kind !== 'ConfigMap') continue;
      const keys = Object.keys(object.data ?? {}).filter((key) => /PASSWORD|PEPPER|_KEY$|SECRET|TOKEN/.test(key));
      expect(keys).toEqual([]);
    }
  });

  it('mounts what variables name', () => {
    for (const object of rendered.objects) {
      for (const { env = [], volumeMounts = [] } of podTemplateOf(object)?.spec.containers ?? []) {
        const files = env.flatMap(({ value }) => (value?.startsWith('/run/') === true ? [value] : []));
        const lost = files.filter((path) => !volumeMounts.some(({ mountPath }) => path.startsWith(`${mountPath}/`)));
        expect(lost, object.metadata.name).toEqual([]);
      }
    }
  });
});
