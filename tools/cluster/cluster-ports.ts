// Which port every process of a cluster listens on.
import { freePorts } from '../processes/index.ts';

export interface EdgePorts {
  readonly rtmp: number;
  readonly rtmps: number;
  readonly metrics: number;
}

export interface ClusterPorts {
  readonly nats: number;
  readonly redis: number;
  readonly postgres: number;
  readonly edges: readonly EdgePorts[];
  readonly packagers: readonly { readonly metrics: number }[];
  readonly gateways: readonly { readonly http: number; readonly metrics: number }[];
}

/** Every port that must be free; RTMPS is left out, since it opens only where there is a certificate. */
export function portsOf({ nats, redis, postgres, edges, packagers, gateways }: ClusterPorts): number[] {
  return [
    ...[nats, redis, postgres],
    ...edges.flatMap(({ rtmp, metrics }) => [rtmp, metrics]),
    ...packagers.map(({ metrics }) => metrics),
    ...gateways.flatMap(({ http, metrics }) => [http, metrics]),
  ];
}

export interface ClusterSize {
  readonly edges: number;
  readonly packagers: number;
  readonly gateways: number;
}

/** The ports of `npm run cluster`. The backends' differ from their usual ones, so that those of the machine can go on. */
export function defaultPorts(size: ClusterSize): ClusterPorts {
  return numberPorts(size, { nats: 14_222, redis: 16_379, postgres: 15_432, http: 8080, rtmp: 1935, metrics: 9464 });
}

/** All ports at and above one number: at most 10 edges, 10 gateways, and 30 services in all fit below `base` + 100. */
export function portsFrom(base: number, size: ClusterSize): ClusterPorts {
  const first = {
    http: base,
    rtmp: base + 10,
    nats: base + 60,
    redis: base + 61,
    postgres: base + 62,
    metrics: base + 70,
  };
  return numberPorts(size, first, 2);
}

/** Ports that are free now: for tests. */
export async function freeClusterPorts(size: ClusterSize): Promise<ClusterPorts> {
  const ports = await freePorts(3 + 3 * size.edges + size.packagers + 2 * size.gateways);
  const next = (): number => ports.pop() ?? 0;
  return {
    nats: next(),
    redis: next(),
    postgres: next(),
    edges: several(size.edges, () => ({ rtmp: next(), rtmps: next(), metrics: next() })),
    packagers: several(size.packagers, () => ({ metrics: next() })),
    gateways: several(size.gateways, () => ({ http: next(), metrics: next() })),
  };
}

const several = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

interface FirstPorts {
  readonly nats: number;
  readonly redis: number;
  readonly postgres: number;
  readonly http: number;
  readonly rtmp: number;
  readonly metrics: number;
}

function numberPorts(size: ClusterSize, first: FirstPorts, rtmpStep = 10): ClusterPorts {
  let metrics = first.metrics;
  const gateways = several(size.gateways, (i) => ({ http: first.http + i, metrics: metrics++ }));
  const edges = several(size.edges, (i) => {
    const rtmp = first.rtmp + i * rtmpStep;
    return { rtmp, rtmps: rtmp + 1, metrics: metrics++ };
  });
  const packagers = several(size.packagers, () => ({ metrics: metrics++ }));
  return { nats: first.nats, redis: first.redis, postgres: first.postgres, gateways, edges, packagers };
}
