// Against a small HTTPS server that looks at each request as the API server would.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../config/config-error.ts';
import { createLogger } from '../logging/logger.ts';
import { Metrics } from '../metrics/metrics.ts';
import { ClusterPod } from './cluster-pod.ts';
import { PodDeletionCost } from './pod-deletion-cost.ts';
import { tellPodDeletionCost } from './tell-pod-deletion-cost.ts';

const ANNOTATION = 'controller.kubernetes.io/pod-deletion-cost';

interface Asked {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly type: string | undefined;
  readonly body: string;
}

describe('the cost of deleting a pod', () => {
  let folder: string;
  let server: Server;
  let status: number;
  let asked: Asked[];
  let logs: string[];
  let metrics: Metrics;
  let load: number;
  let looks: number;
  let cost: PodDeletionCost | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-account-'));
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', join(folder, 'key')];
    const name = ['-subj', '/CN=kubernetes', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
    await promisify(execFile)('openssl', ['req', '-x509', ...key, '-out', join(folder, 'ca.crt'), ...name]);
    await writeFile(join(folder, 'token'), 'first-token\n');
    const tls = { key: await readFile(join(folder, 'key')), cert: await readFile(join(folder, 'ca.crt')) };
    server = createServer(tls, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (bytes: Buffer) => chunks.push(bytes));
      request.on('end', () => {
        const { method, url: path, headers } = request;
        asked.push({ method, path, type: headers['content-type'], body: Buffer.concat(chunks).toString() });
        const allowed = headers.authorization === `Bearer ${expectedToken}`;
        response.writeHead(allowed ? status : 401, { 'content-type': 'application/json' }).end('{"message":"no"}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });

  let expectedToken: string;
  beforeEach(() => {
    [status, asked, logs, load, looks, expectedToken] = [200, [], [], 0, 0, 'first-token'];
    metrics = new Metrics({ service: 'test', version: '0', processMetrics: false });
  });
  afterEach(() => cost?.stop());

  const begin = (port = (server.address() as AddressInfo).port): void => {
    const pod = new ClusterPod({
      host: '127.0.0.1',
      port,
      namespace: 'media',
      name: 'edge-7f-x2',
      serviceAccountFolder: folder,
    });
    const logger = createLogger({
      service: 'test',
      level: 'info',
      destination: { write: (line) => void logs.push(line) },
    });
    cost = new PodDeletionCost({ pod, load: () => (looks++, load), metrics, logger, intervalMs: 10 });
    cost.start();
  };
  const costs = (): string[] =>
    asked.map(({ body }) => {
      const patch = JSON.parse(body) as { metadata: { annotations: Record<string, string> } };
      return patch.metadata.annotations[ANNOTATION]!;
    });

  it('is a merge patch of the pod, with the token of its service account', async () => {
    load = 3;
    begin();
    await expect.poll(() => asked).toHaveLength(1);
    expect(asked[0]).toEqual({
      method: 'PATCH',
      path: '/api/v1/namespaces/media/pods/edge-7f-x2',
      type: 'application/merge-patch+json',
      body: JSON.stringify({ metadata: { annotations: { [ANNOTATION]: '3' } } }),
    });
  });

  it('is told when it has changed, to two digits, and not otherwise', async () => {
    load = 1_234;
    begin();
    await expect.poll(costs).toEqual(['1200']);
    load = 1_249;
    const before = looks;
    await expect.poll(() => looks).toBeGreaterThan(before + 3);
    expect(costs()).toEqual(['1200']);
    load = 99;
    await expect.poll(costs).toEqual(['1200', '99']);
    load = 0;
    await expect.poll(costs).toEqual(['1200', '99', '0']);
  });

  it('counts failures and logs the first one, until it works again', async () => {
    status = 403;
    begin();
    await expect.poll(() => asked.length).toBeGreaterThan(3);
    status = 200;
    await expect.poll(() => logs).toHaveLength(2);
    expect(logs[0]).toContain('Kubernetes answered 403');
    expect(logs.join('')).not.toContain('first-token');
    expect(await metrics.text()).toMatch(/millrace_pod_deletion_cost_failures_total [3-9]/);
  });

  it('goes on when there is no server, and reads a token that was replaced', async () => {
    expectedToken = 'second-token';
    begin();
    await expect.poll(() => asked.length).toBeGreaterThan(1);
    await writeFile(join(folder, 'token'), 'second-token');
    await expect.poll(() => logs.at(-1)).toContain('reporting the load to Kubernetes again');
    cost?.stop();
    logs = [];
    begin(1);
    await expect.poll(() => logs.length).toBe(1);
    expect(logs[0]).toContain('ECONNREFUSED');
  });

  it('takes an answer that this process could not read in time, and waits no longer than it may', async () => {
    const { port } = server.address() as AddressInfo;
    const options = { host: '127.0.0.1', port, namespace: 'media', name: 'edge-7f-x2', serviceAccountFolder: folder };
    expectedToken = 'third-token';
    await writeFile(join(folder, 'token'), expectedToken);
    // As where all processors are busy with other work.
    server.once('connection', () => {
      for (const end = performance.now() + 1_100; performance.now() < end;);
    });
    await new ClusterPod({ ...options, timeoutMs: 1_000 }).annotate(ANNOTATION, '1');
    server.removeAllListeners('request');
    await expect(new ClusterPod({ ...options, timeoutMs: 50 }).annotate(ANNOTATION, '1')).rejects.toThrow(
      'Kubernetes did not answer within 50 ms',
    );
    server.closeAllConnections();
  });

  it('is not told unless it is asked for, and then needs its names', () => {
    const settings = { podName: undefined, podNamespace: 'media', kubernetesHost: '127.0.0.1', kubernetesPort: 1 };
    const logger = createLogger({ service: 'test', level: 'silent' });
    const tell = (podDeletionCost: boolean) =>
      tellPodDeletionCost({ ...settings, podDeletionCost }, () => 1, metrics, logger);
    tell(false)();
    expect(() => tell(true)).toThrow(ConfigError);
  });
});
