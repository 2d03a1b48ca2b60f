// Which port every process of a cluster listens on.
import { freePorts } from '../processes/index.ts';

export interface EdgePorts {
  readonly rtmp: number;
  readonly rtmps: number;
  readonly metrics: number;
}

export interface RtspEdgePorts {
  readonly rtsp: number;
  readonly rtsps: number;
  readonly metrics: number;
}

export interface SrtEdgePorts {
  /** UDP. */
  readonly srt: number;
  readonly metrics: number;
}

export interface SignalingPorts {
  readonly websocket: number;
  readonly metrics: number;
}

export interface TurnPorts {
  /** UDP and TCP. */
  readonly turn: number;
  readonly tls: number;
  readonly metrics: number;
}

export interface ClusterPorts {
  readonly nats: number;
  readonly redis: number;
  readonly postgres: number;
  readonly edges: readonly EdgePorts[];
  readonly rtspEdges: readonly RtspEdgePorts[];
  readonly srtEdges: readonly SrtEdgePorts[];
  readonly packagers: readonly { readonly metrics: number }[];
  readonly gateways: readonly { readonly http: number; readonly metrics: number }[];
  readonly signalings: readonly SignalingPorts[];
  readonly turns: readonly TurnPorts[];
}

export interface ClusterPort {
  readonly port: number;
  readonly transport: 'tcp' | 'udp';
}

/** Every port that must be free; those of TLS are left out: they open only where there is a certificate. */
export function portsOf(ports: ClusterPorts): ClusterPort[] {
  const { nats, redis, postgres, edges, rtspEdges, srtEdges, packagers, gateways, signalings, turns } = ports;
  const tcp = [
    nats,
    redis,
    postgres,
    ...signalings.flatMap(({ websocket, metrics }) => [websocket, metrics]),
    ...turns.flatMap(({ turn, metrics }) => [turn, metrics]),
    ...edges.flatMap(({ rtmp, metrics }) => [rtmp, metrics]),
    ...rtspEdges.flatMap(({ rtsp, metrics }) => [rtsp, metrics]),
    ...srtEdges.map(({ metrics }) => metrics),
    ...packagers.map(({ metrics }) => metrics),
    ...gateways.flatMap(({ http, metrics }) => [http, metrics]),
  ];
  return [
    ...tcp.map((port) => ({ port, transport: 'tcp' as const })),
    ...srtEdges.map(({ srt }) => ({ port: srt, transport: 'udp' as const })),
  ];
}

export interface ClusterSize {
  readonly edges: number;
  /** None when not given. */
  readonly rtspEdges?: number;
  /** None when not given. */
  readonly srtEdges?: number;
  readonly packagers: number;
  readonly gateways: number;
  readonly signalings: number;
  readonly turns: number;
}

/** The ports of `npm run cluster`. The backends' differ from their usual ones, so that those of the machine can go on. */
export function defaultPorts(size: ClusterSize): ClusterPorts {
  return numberPorts(
    size,
    {
      nats: 14_222,
      redis: 16_379,
      postgres: 15_432,
      http: 8080,
      rtmp: 1935,
      rtsp: 8554,
      rtsps: 8322,
      srt: 8890,
      metrics: 9464,
      signaling: 8180,
      turn: 3478,
      turnTls: 5349,
    },
    10,
  );
}

/** All ports at and above one number: at most 10 of each kind, 5 of turn, 3 of rtsp, and 30 services in all fit below `base` + 100. */
export function portsFrom(base: number, size: ClusterSize): ClusterPorts {
  const first = {
    http: base,
    rtmp: base + 10,
    rtsp: base + 63,
    rtsps: base + 64,
    // UDP: the numbers of HTTP and RTMP once more.
    srt: base,
    nats: base + 60,
    redis: base + 61,
    postgres: base + 62,
    metrics: base + 70,
    signaling: base + 30,
    turn: base + 40,
    turnTls: base + 50,
  };
  return numberPorts(size, first, 2);
}

/** Ports that are free now: for tests. */
export async function freeClusterPorts(size: ClusterSize): Promise<ClusterPorts> {
  const { edges, rtspEdges = 0, srtEdges = 0, packagers, gateways, signalings, turns } = size;
  const ports = await freePorts(
    3 + 3 * (edges + rtspEdges + turns) + packagers + 2 * (gateways + signalings + srtEdges),
  );
  const next = (): number => ports.pop() ?? 0;
  return {
    nats: next(),
    redis: next(),
    postgres: next(),
    edges: several(size.edges, () => ({ rtmp: next(), rtmps: next(), metrics: next() })),
    rtspEdges: several(rtspEdges, () => ({ rtsp: next(), rtsps: next(), metrics: next() })),
    srtEdges: several(srtEdges, () => ({ srt: next(), metrics: next() })),
    packagers: several(size.packagers, () => ({ metrics: next() })),
    gateways: several(size.gateways, () => ({ http: next(), metrics: next() })),
    signalings: several(size.signalings, () => ({ websocket: next(), metrics: next() })),
    turns: several(size.turns, () => ({ turn: next(), tls: next(), metrics: next() })),
  };
}

const several = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

interface FirstPorts {
  readonly nats: number;
  readonly redis: number;
  readonly postgres: number;
  readonly http: number;
  readonly rtmp: number;
  readonly rtsp: number;
  readonly rtsps: number;
  readonly srt: number;
  readonly metrics: number;
  readonly signaling: number;
  readonly turn: number;
  readonly turnTls: number;
}

function numberPorts(size: ClusterSize, first: FirstPorts, edgeStep: number): ClusterPorts {
  let metrics = first.metrics;
  const gateways = several(size.gateways, (i) => ({ http: first.http + i, metrics: metrics++ }));
  const edges = several(size.edges, (i) => {
    const rtmp = first.rtmp + i * edgeStep;
    return { rtmp, rtmps: rtmp + 1, metrics: metrics++ };
  });
  const packagers = several(size.packagers, () => ({ metrics: metrics++ }));
  const rtspEdges = several(size.rtspEdges ?? 0, (i) => {
    const more = i * edgeStep;
    return { rtsp: first.rtsp + more, rtsps: first.rtsps + more, metrics: metrics++ };
  });
  const srtEdges = several(size.srtEdges ?? 0, (i) => ({ srt: first.srt + i * edgeStep, metrics: metrics++ }));
  const signalings = several(size.signalings, (i) => ({ websocket: first.signaling + i, metrics: metrics++ }));
  const turns = several(size.turns, (i) => {
    return { turn: first.turn + 2 * i, tls: first.turnTls + 2 * i, metrics: metrics++ };
  });
  const { nats, redis, postgres } = first;
  return { nats, redis, postgres, gateways, edges, rtspEdges, srtEdges, packagers, signalings, turns };
}
