// The trial installed as docs/operate/install.md describes, on real nodes.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Helm, RealCluster, runCommand } from '@millrace/k8s/real-nodes';
import type { Kubectl, Release } from '@millrace/k8s/real-nodes';
import { eventually } from '../support/eventually.ts';
import { TenantApi } from '../support/tenant-api.ts';

const ROOT = join(import.meta.dirname, '../..');
const INSTALL_PAGE = join(ROOT, 'docs/operate/install.md');

export const RELEASE: Release = { name: 'live', namespace: 'millrace' };
export const VALUES = join(ROOT, 'k8s/charts/millrace/values-dev.yaml');
/** The registry that the page's command names; the images of the nodes have its name. */
export const REPOSITORY = 'image.repository=registry.example.com/millrace';

/** Enough to start everything on a busy machine with two cores. */
const TIMEOUT = '8m';

/** More than the longest grace period of the trial. */
const DRAIN_TIMEOUT_MS = 120_000;

/** The command in the page's section "For a trial". */
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

  /** Runs the command of the page, with `--wait`. */
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

  /** @returns a field of each pod of the component, as a jsonpath below `.items[*]` */
  async pods(component: string, field = '.metadata.name'): Promise<readonly string[]> {
    const output = ['--output', `jsonpath={.items[*]${field}}`];
    const found = await this.run(['get', 'pods', '--selector', this.selector(component), ...output]);
    return found.split(' ').filter((each) => each !== '');
  }

  /** Waits until the rollout has ended. Its status is complete while old pods still drain: waits for their end too. */
  async settled(component: string): Promise<void> {
    await this.run(['rollout', 'status', this.deployment(component), '--timeout=300s']);
    await eventually(
      `one pod of ${component}`,
      async () => (await this.pods(component)).length === 1,
      DRAIN_TIMEOUT_MS,
    );
  }

  async #address(service: string): Promise<string> {
    const name = `service/${RELEASE.name}-millrace-${service}`;
    return this.run(['get', name, '--output', 'jsonpath={.spec.clusterIP}']);
  }

  async rtmpUrl(key: string): Promise<string> {
    return `rtmp://${await this.#address('rtmp-edge')}:1935/live/${key}`;
  }

  /** Creates a tenant and an API key for it. */
  async tenant(name: string): Promise<TenantApi> {
    const gateway = `http://${await this.#address('gateway')}:8080`;
    const secret = `secret/${RELEASE.name}-millrace-keys`;
    const encoded = await this.run(['get', secret, '--output', 'jsonpath={.data.operator-key}']);
    const operator = new TenantApi(gateway, Buffer.from(encoded, 'base64').toString());
    const tenant = await operator.ok('POST', '/v1/tenants', { name });
    const key = await operator.ok('POST', '/v1/api_keys', { tenant_id: tenant['id'], name });
    return new TenantApi(gateway, String(key['key']));
  }

  /** Pods and recent events, for the message of a failed test. */
  async state(): Promise<string> {
    const pods = await this.run(['get', 'pods', '--output', 'wide']);
    const events = await this.run(['get', 'events', '--sort-by=.lastTimestamp']);
    return `${pods}\n${events.split('\n').slice(-40).join('\n')}`;
  }
}
