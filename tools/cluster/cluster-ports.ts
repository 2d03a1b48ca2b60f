// Which port every process of a cluster listens on.
import { freePort } from '@millrace/standalone/postgres';

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
export async function freePorts(size: ClusterSize): Promise<ClusterPorts> {
  const taken = new Set<number>();
  const next = async (): Promise<number> => {
    for (;;) {
      const port = await freePort();
      if (!taken.has(port)) {
        taken.add(port);
        return port;
      }
    }
  };
  const several = async <T>(count: number, make: () => Promise<T>): Promise<T[]> => {
    const made: T[] = [];
    while (made.length < count) made.push(await make());
    return made;
  };
  return {
    nats: await next(),
    redis: await next(),
    postgres: await next(),
    edges: await several(size.edges, async () => ({ rtmp: await next(), rtmps: await next(), metrics: await next() })),
    packagers: await several(size.packagers, async () => ({ metrics: await next() })),
    gateways: await several(size.gateways, async () => ({ http: await next(), metrics: await next() })),
  };
}

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
  const each = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
  const gateways = each(size.gateways, (i) => ({ http: first.http + i, metrics: metrics++ }));
  const edges = each(size.edges, (i) => {
    const rtmp = first.rtmp + i * rtmpStep;
    return { rtmp, rtmps: rtmp + 1, metrics: metrics++ };
  });
  const packagers = each(size.packagers, () => ({ metrics: metrics++ }));
  return { nats: first.nats, redis: first.redis, postgres: first.postgres, gateways, edges, packagers };
}
