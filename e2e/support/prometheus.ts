// A real Prometheus that scrapes a cluster, with the labels that Kubernetes would give.
import { copyFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { freePorts, ManagedProcess } from '@millrace/tools/processes';
import { temporaryFolder } from './temporary-folder.ts';

export interface Target {
  readonly pod: string;
  readonly port: number;
}

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
}

export class Prometheus {
  readonly #process: ManagedProcess;
  readonly #url: string;

  private constructor(process: ManagedProcess, url: string) {
    this.#process = process;
    this.#url = url;
  }

  static async start(targets: readonly Target[], ruleFiles: readonly string[]): Promise<Prometheus> {
    const { path: folder } = temporaryFolder('prometheus');
    const [port] = await freePorts(1);
    for (const file of ruleFiles) copyFileSync(file, join(folder, basename(file)));
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: ['*.rules.yaml'],
      scrape_configs: [
        {
          job_name: 'millrace',
          static_configs: targets.map(({ pod, port: admin }) => ({
            targets: [`127.0.0.1:${admin}`],
            labels: { namespace: 'media', pod, service: `millrace-${pod.replace(/-\d+$/, '')}` },
          })),
        },
      ],
    };
    // JSON is YAML.
    writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
    const url = `http://127.0.0.1:${port}`;
    const process = new ManagedProcess({
      name: 'prometheus',
      command: 'prometheus',
      args: [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      isReady: async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok === true,
    });
    await process.start();
    return new Prometheus(process, url);
  }

  async query(expr: string): Promise<readonly Sample[]> {
    const answer = await fetch(`${this.#url}/api/v1/query?query=${encodeURIComponent(expr)}`);
    const { status, error, data } = (await answer.json()) as {
      status: string;
      error?: string;
      data?: { result: readonly Sample[] };
    };
    if (status !== 'success') throw new Error(`${expr}: ${error ?? status}`);
    return data?.result ?? [];
  }

  /** The names of all series. */
  async names(): Promise<readonly string[]> {
    const answer = await fetch(`${this.#url}/api/v1/label/__name__/values`);
    return ((await answer.json()) as { data: readonly string[] }).data;
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}
