// The trial as docs/operate/install.md installs it, on real nodes, and what the tests ask of it.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Helm, RealCluster, runCommand } from '@millrace/k8s/real-nodes';
import type { Kubectl, Release } from '@millrace/k8s/real-nodes';
import { TenantApi } from '../support/tenant-api.ts';

const ROOT = join(import.meta.dirname, '../..');
const INSTALL_PAGE = join(ROOT, 'docs/operate/install.md');

export const RELEASE: Release = { name: 'live', namespace: 'millrace' };
export const VALUES = join(ROOT, 'k8s/charts/millrace/values-dev.yaml');
/** What the page writes in the place of an operator's own registry: the images of the cluster have its name. */
export const REPOSITORY = 'image.repository=registry.example.com/millrace';

/** Starting everything on a busy machine of two cores. */
const TIMEOUT = '8m';

/** The command of the page's section for a trial. */
export function trialCommand(): string {
  const [, section = ''] = /^## For a trial\n(.*?)^## /ms.exec(readFileSync(INSTALL_PAGE, 'utf8')) ?? [];
  const [, command] = /```sh\n(helm install .*?)```/s.exec(section) ?? [];
  if (command === undefined) throw new Error(`${INSTALL_PAGE} has no command for a trial`);
  return command.trim();
}

export class InstalledTrial {
  readonly cluster: RealCluster;

  constructor(cluster: RealCluster) {
    this.cluster = cluster;
  }

  get kubectl(): Kubectl {
    return this.cluster.kubectl;
  }

  get helm(): Helm {
    return this.cluster.helm;
  }

  /** As an operator types it, and Helm waits. */
  install(): Promise<string> {
    const env = {
      PATH: `${dirname(this.helm.program)}:${process.env['PATH'] ?? ''}`,
      KUBECONFIG: this.kubectl.kubeconfig,
    };
    return runCommand('sh', ['-c', `cd '${ROOT}' && ${trialCommand()} --wait --timeout ${TIMEOUT}`], '', env);
  }

  /** kubectl in the namespace of the release. */
  run(args: readonly string[]): Promise<string> {
    return this.kubectl.run(['--namespace', RELEASE.namespace, ...args]);
  }

  deployment(component: string): string {
    return `deployment/${RELEASE.name}-millrace-${component}`;
  }

  selector(component: string): string {
    return `app.kubernetes.io/instance=${RELEASE.name},app.kubernetes.io/component=${component}`;
  }

  /** Waits until a rollout has ended and nothing of it is left. */
  async settled(component: string): Promise<void> {
    await this.run(['rollout', 'status', this.deployment(component), '--timeout=300s']);
  }

  async #address(service: string): Promise<string> {
    const name = `service/${RELEASE.name}-millrace-${service}`;
    return this.run(['get', name, '--output', 'jsonpath={.spec.clusterIP}']);
  }

  async rtmpUrl(key: string): Promise<string> {
    return `rtmp://${await this.#address('rtmp-edge')}:1935/live/${key}`;
  }

  /** A tenant of its own. */
  async tenant(name: string): Promise<TenantApi> {
    const gateway = `http://${await this.#address('gateway')}:8080`;
    const secret = `secret/${RELEASE.name}-millrace-keys`;
    const encoded = await this.run(['get', secret, '--output', 'jsonpath={.data.operator-key}']);
    const operator = new TenantApi(gateway, Buffer.from(encoded, 'base64').toString());
    const tenant = await operator.ok('POST', '/v1/tenants', { name });
    const key = await operator.ok('POST', '/v1/api_keys', { tenant_id: tenant['id'], label: name });
    return new TenantApi(gateway, String(key['key']));
  }

  /** What pods say of themselves: for the message of a test that failed. */
  async state(): Promise<string> {
    const pods = await this.run(['get', 'pods', '--output', 'wide']);
    const events = await this.run(['get', 'events', '--sort-by=.lastTimestamp']);
    return `${pods}\n${events.split('\n').slice(-40).join('\n')}`;
  }
}
