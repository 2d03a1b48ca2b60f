// The API server from inside a pod: its address is in the environment, token and authority in files that Kubernetes mounts.
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import type { RequestOptions } from 'node:https';
import { join } from 'node:path';
import { FairDeadline } from '@millrace/domain';
import type { OwnPod } from './own-pod.ts';

/** Where a service account's files are mounted. */
const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';
const TIMEOUT_MS = 5_000;
/** Of what the server says when it refuses: for a log line. */
const MAX_REASON_CHARACTERS = 200;

export interface ClusterPodOptions {
  readonly host: string;
  readonly port: number;
  readonly namespace: string;
  readonly name: string;
  readonly serviceAccountFolder?: string;
  /** How long an answer may take, in milliseconds. */
  readonly timeoutMs?: number;
}

export class ClusterPod implements OwnPod {
  readonly #options: ClusterPodOptions;

  constructor(options: ClusterPodOptions) {
    this.#options = options;
  }

  async annotate(name: string, value: string): Promise<void> {
    const { host, port, namespace, name: pod } = this.#options;
    const { serviceAccountFolder = SERVICE_ACCOUNT_FOLDER, timeoutMs = TIMEOUT_MS } = this.#options;
    // Read anew each time: Kubernetes replaces the token each hour.
    const [token, ca] = await Promise.all([
      readFile(join(serviceAccountFolder, 'token'), 'utf8'),
      readFile(join(serviceAccountFolder, 'ca.crt')),
    ]);
    const body = JSON.stringify({ metadata: { annotations: { [name]: value } } });
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}`;
    const headers = {
      authorization: `Bearer ${token.trim()}`,
      accept: 'application/json',
      // RFC 7386: members of the patch replace, all others stay.
      'content-type': 'application/merge-patch+json',
      'content-length': Buffer.byteLength(body),
    };
    await send({ host, port, path, ca, headers, method: 'PATCH', agent: false }, body, timeoutMs);
  }
}

function send(options: RequestOptions, body: string, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request(options, (answer) => {
      let reason = '';
      answer.setEncoding('utf8');
      answer.on('data', (text: string) => (reason = (reason + text).slice(0, MAX_REASON_CHARACTERS)));
      answer.on('error', reject);
      answer.on('end', () => {
        const status = answer.statusCode ?? 0;
        if (status >= 200 && status < 300) resolve();
        else reject(new Error(`Kubernetes answered ${status}: ${reason}`));
      });
    });
    const late = (): void => void asked.destroy(new Error(`Kubernetes did not answer within ${timeoutMs} ms`));
    const deadline = new FairDeadline(timeoutMs, late);
    asked.on('close', () => deadline.clear());
    asked.on('error', reject);
    asked.end(body);
  });
}
