// What is measured: for each figure the load, and which number is read from it.
import type { Measured } from './measure/load.ts';

export interface Figure {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly publishers: number;
  readonly hls: boolean;
  /** With parts: of servers that make them. */
  readonly lowLatency?: boolean;
  readonly args: readonly string[];
  readonly read: (measured: Measured) => number | undefined;
}

const msPerStreamSecond = ({ cpuMsPerSecond, load }: Measured): number => cpuMsPerSecond / load.pubs;
/** The runtime compiles what is hot, and collects garbage more often, while it is young: that is no part of a figure. */
const windowArgs = ['--settle-ms', '3000', '--warm-ms', '15000', '--dur-ms', process.env['BENCH_WINDOW_MS'] ?? '15000'];

const ingestHls = (publishers: number): Figure => ({
  name: `ingest-hls-${publishers}`,
  title: `CPU, ingest and HLS, ${publishers} publisher${publishers === 1 ? '' : 's'}`,
  unit: 'ms per stream-second',
  publishers,
  hls: true,
  args: windowArgs,
  read: msPerStreamSecond,
});

export const FIGURES: readonly Figure[] = [
  ingestHls(1),
  ingestHls(10),
  ingestHls(50),
  ingestHls(200),
  {
    ...ingestHls(50),
    name: 'ingest-low-latency-50',
    title: 'CPU, ingest and HLS with low latency, 50 publishers',
    lowLatency: true,
  },
  {
    name: 'ingest-50',
    title: 'CPU, ingest alone, 50 publishers',
    unit: 'ms per stream-second',
    publishers: 50,
    hls: false,
    args: windowArgs,
    read: msPerStreamSecond,
  },
  {
    name: 'segment-delay',
    title: 'Segment listed after its last frame was sent, median',
    unit: 'ms',
    publishers: 1,
    hls: true,
    args: [
      '--hlss',
      '1',
      '--hls-poll-ms',
      '2',
      '--hls-latency',
      '1',
      '--settle-ms',
      '6000',
      '--warm-ms',
      '2000',
      '--dur-ms',
      '20000',
    ],
    read: ({ load }) => load.hls_last_ms?.p50,
  },
  {
    name: 'hls-viewers-100',
    title: 'CPU, one stream watched by 100 viewers',
    unit: 'ms per second',
    publishers: 1,
    hls: true,
    args: ['--hlss', '100', '--hls-poll-ms', '1000', ...windowArgs, '--settle-ms', '6000'],
    read: ({ cpuMsPerSecond }) => cpuMsPerSecond,
  },
  {
    name: 'play-100',
    title: 'CPU, one stream played by 100 RTMP players',
    unit: 'ms per second',
    publishers: 1,
    hls: false,
    args: ['--players', '100', ...windowArgs],
    read: ({ cpuMsPerSecond }) => cpuMsPerSecond,
  },
  {
    name: 'lat-rtmp',
    title: 'From an encoder to an RTMP player, 10 players, median',
    unit: 'ms',
    publishers: 1,
    hls: false,
    args: ['--players', '10', ...windowArgs],
    read: ({ load }) => load.lat_rtmp_ms?.p50,
  },
  {
    name: 'play-flv-100',
    title: 'CPU, one stream played by 100 viewers of HTTP-FLV',
    unit: 'ms per second',
    publishers: 1,
    hls: false,
    args: ['--flvs', '100', ...windowArgs],
    read: ({ cpuMsPerSecond }) => cpuMsPerSecond,
  },
  {
    name: 'play-rtsp-100',
    title: 'CPU, one stream played by 100 RTSP players over TCP',
    unit: 'ms per second',
    publishers: 1,
    hls: false,
    args: ['--rtsps', '100', ...windowArgs],
    read: ({ cpuMsPerSecond }) => cpuMsPerSecond,
  },
  {
    name: 'lat-flv',
    title: 'From an encoder to a viewer of HTTP-FLV, 10 viewers, median',
    unit: 'ms',
    publishers: 1,
    hls: false,
    args: ['--flvs', '10', ...windowArgs],
    read: ({ load }) => load.lat_flv_ms?.p50,
  },
  {
    name: 'join-rtmp',
    title: 'From connecting to the first keyframe, RTMP, 30 joins spread over the group of pictures, median',
    unit: 'ms',
    publishers: 1,
    hls: false,
    args: ['--joins', '30', '--join-kind', 'rtmp', '--settle-ms', '5000'],
    read: ({ load }) => load.join_key_ms?.p50,
  },
];
