// Services in pods of the chart's size: each in a cgroup with the limit of its memory, and with the settings that the chart gives it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serviceProcess } from '@millrace/tools/cluster';
import type { Cluster, RunService } from '@millrace/tools/cluster';
import { parse } from 'yaml';
import { MemoryCgroup } from './memory-cgroup.ts';

export type ChartService = Parameters<RunService>[0]['app'];

interface ServiceValues {
  readonly resources: { readonly limits: { readonly memory: string } };
  readonly autoscaling: { readonly target: number };
  readonly settings?: Readonly<Record<string, string | number>>;
}

const MiB = 1024 ** 2;
const UNITS: Readonly<Record<string, number>> = { Mi: MiB, Gi: 1024 * MiB };

const chart = parse(readFileSync(join(import.meta.dirname, '../../k8s/charts/millrace/values.yaml'), 'utf8')) as {
  readonly services: Readonly<Record<ChartService, ServiceValues>>;
};

export interface PodSize {
  readonly limitBytes: number;
  /** The load at which the chart starts another pod. */
  readonly target: number;
  readonly settings: Readonly<Record<string, string>>;
}

export function podSize(service: ChartService): PodSize {
  const { resources, autoscaling, settings = {} } = chart.services[service];
  const [, number, unit = ''] = /^(\d+)(Mi|Gi)$/.exec(resources.limits.memory) ?? [];
  return {
    limitBytes: Number(number) * UNITS[unit]!,
    target: autoscaling.target,
    settings: Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)])),
  };
}

/** A pod may use this part of its limit at the load at which the chart starts another one. */
const PART_OF_LIMIT = 0.9;

export class ChartPods {
  readonly #groups = new Map<ChartService, MemoryCgroup | undefined>();

  /** @param services those that run in a pod of the chart's size */
  constructor(services: readonly ChartService[]) {
    for (const service of services) this.#groups.set(service, MemoryCgroup.make(service, podSize(service).limitBytes));
  }

  readonly run: RunService = (options) => {
    if (!this.#groups.has(options.app)) return serviceProcess(options);
    const { settings } = podSize(options.app);
    const env = () => ({ ...settings, ...options.env() });
    return serviceProcess({ ...options, env }, this.#groups.get(options.app)?.prefix);
  };

  /** Whether cgroups could be made: else a service does not see its limit. */
  get areLimited(): boolean {
    return [...this.#groups.values()].every((group) => group !== undefined);
  }

  /** How many processes of a service were killed for want of memory. */
  kills(service: ChartService): number {
    return this.#groups.get(service)?.kills ?? 0;
  }

  /**
   * The most memory that a process ever had, as a part of the chart's limit. Says it in the log.
   *
   * @throws {Error} when that leaves no room, or when the kernel killed it
   */
  checkPeak(cluster: Cluster, name: string, service: ChartService): void {
    const { limitBytes } = podSize(service);
    const status = readFileSync(`/proc/${cluster.process(name).pid}/status`, 'utf8');
    const peakBytes = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)![1]) * 1024;
    const text = `${name} had ${(peakBytes / MiB).toFixed(0)} MiB of ${limitBytes / MiB} at most`;
    console.log(text);
    if (this.kills(service) > 0) throw new Error(`${service} was killed for want of memory`);
    if (peakBytes > limitBytes * PART_OF_LIMIT) throw new Error(text);
  }

  remove(): void {
    for (const group of this.#groups.values()) group?.remove();
  }
}
