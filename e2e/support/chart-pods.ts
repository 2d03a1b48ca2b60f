// Services in pods of the chart's size: each in a cgroup with its memory limit, and with the settings that the chart gives it.
import { readFileSync } from 'node:fs';
import { podSize } from '@millrace/k8s/pod-size';
import type { ChartService } from '@millrace/k8s/pod-size';
import { serviceProcess } from '@millrace/tools/cluster';
import type { Cluster, RunService } from '@millrace/tools/cluster';
import { MemoryCgroup } from './memory-cgroup.ts';

const MiB = 1024 ** 2;
/** A pod may use this part of its limit at the load at which another one is started. */
const PART_OF_LIMIT = 0.9;

export class ChartPods {
  readonly #groups = new Map<ChartService, MemoryCgroup | undefined>();
  readonly #idleBytes = new Map<string, number>();

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

  /** Whether a process of this service finds the chart's limit: not where the tests may make no cgroup. */
  isLimited(service: ChartService): boolean {
    return this.#groups.get(service) !== undefined;
  }

  /** Takes note of how much memory a process has used before there is any load. */
  noteIdle(cluster: Cluster, name: string): void {
    this.#idleBytes.set(name, peakBytes(cluster, name));
  }

  /**
   * Says in the output how much memory a process has used at most.
   *
   * @param part of the load at which another pod is started; below 1, what came on top of the idle process counts that much more
   * @throws {Error} when that leaves no room below the chart's limit, or when the kernel has killed a process of this service
   */
  checkPeak(cluster: Cluster, name: string, service: ChartService, part = 1): void {
    if ((this.#groups.get(service)?.kills ?? 0) > 0) throw new Error(`${service} was killed for want of memory`);
    const { limitBytes } = podSize(service);
    const peak = peakBytes(cluster, name);
    const idle = this.#idleBytes.get(name) ?? 0;
    const atTarget = part < 1 ? idle + (peak - idle) / part : peak;
    const text = `${name} used ${inMiB(peak)} of ${inMiB(limitBytes)} at most; at the chart's load ${inMiB(atTarget)}`;
    console.log(text);
    if (!(atTarget <= limitBytes * PART_OF_LIMIT)) throw new Error(text);
  }

  remove(): void {
    for (const group of this.#groups.values()) group?.remove();
  }
}

/** The most memory that a process has ever had, in bytes. */
function peakBytes(cluster: Cluster, name: string): number {
  const status = readFileSync(`/proc/${cluster.process(name).pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

const inMiB = (bytes: number): string => `${(bytes / MiB).toFixed(0)} MiB`;
