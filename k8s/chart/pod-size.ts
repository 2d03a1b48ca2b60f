// What the chart gives a pod of a service by default: its memory, its settings, and the load at which another pod is started.
import { parse } from 'yaml';
import { currentValues } from './values-table.ts';

export type ChartService = 'gateway' | 'rtmp-edge' | 'rtsp-edge' | 'srt-edge' | 'packager' | 'signaling' | 'turn';

export interface PodSize {
  readonly limitBytes: number;
  /** The load at which an autoscaler starts another pod. */
  readonly target: number;
  readonly settings: Readonly<Record<string, string>>;
}

interface Values {
  readonly services: Readonly<
    Record<
      ChartService,
      {
        readonly resources: { readonly limits: { readonly memory: string } };
        readonly autoscaling: { readonly target: number };
        readonly settings?: Readonly<Record<string, string | number>>;
      }
    >
  >;
}

const UNITS: Readonly<Record<string, number>> = { Mi: 1024 ** 2, Gi: 1024 ** 3 };

/** @throws {Error} when the chart's limit is in another unit */
export function podSize(service: ChartService): PodSize {
  const { resources, autoscaling, settings = {} } = (parse(currentValues()) as Values).services[service];
  const { memory } = resources.limits;
  const [, number, unit = ''] = /^(\d+)(Mi|Gi)$/.exec(memory) ?? [];
  const bytes = Number(number) * (UNITS[unit] ?? NaN);
  if (!(bytes > 0)) throw new Error(`the memory limit of ${service} is neither in Mi nor in Gi: ${memory}`);
  return {
    limitBytes: bytes,
    target: autoscaling.target,
    settings: Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)])),
  };
}
