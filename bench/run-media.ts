// The figures of media servers: every server for one figure, then the next one, so that what disturbs the machine disturbs all.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { FIGURES } from './figures.ts';
import type { Figure } from './figures.ts';
import { blockPlayers, BLOCKED_PLAYERS } from './measure/blocked-players.ts';
import { firstSegment, requestsPerSecond } from './measure/http-load.ts';
import { runLoad } from './measure/load.ts';
import { measurePartDelay } from './measure/part-delay.ts';
import { measureMemory } from './measure/memory.ts';
import { cpuMsPerSecond, usageOf } from './measure/process-usage.ts';
import { measureStartup } from './measure/startup.ts';
import { watchSteal } from './report/recorder.ts';
import type { Recorder } from './report/recorder.ts';
import { floorNode, floorPlaylists } from './servers/floor-node.ts';
import { millraceCluster } from './servers/millrace-cluster.ts';
import { millraceStandalone } from './servers/millrace-standalone.ts';
import { nginxRtmp } from './servers/nginx-rtmp.ts';
import { nodeMediaServer } from './servers/node-media-server.ts';
import { srs } from './servers/srs.ts';
import type { RunningServer, Server, WithServer } from './servers/server.ts';

export const SERVERS: readonly Server[] = [
  millraceStandalone,
  millraceCluster,
  nginxRtmp,
  srs,
  nodeMediaServer,
  floorNode,
];
export const MEDIA_FIGURES: readonly string[] = [
  ...FIGURES.map(({ name }) => name),
  'hls-requests',
  'memory',
  'startup',
  'blocked-players',
  'part-delay',
  'idle',
];

/** The figure `idle`: some of what is repeated comes every 15 s. */
const IDLE_WARM_MS = 15_000;
const IDLE_WINDOW_MS = 30_000;

/** Arguments of mediaload: kinds of players, and where a server that has them is played. */
const PLAYER_ADDRESSES = { '--players': '--rtmp', '--joins': '--rtmp', '--flvs': '--flv-url', '--rtsps': '--rtsp-url' };

/** What the servers are measured with. */
export interface MediaBench {
  readonly servers: readonly Server[];
  /** The file that every publisher sends. */
  readonly source: string;
  readonly withServer: WithServer;
  readonly recorder: Recorder;
}

export async function measureMedia(figures: readonly string[], bench: MediaBench): Promise<void> {
  const { servers } = bench;
  for (const figure of FIGURES.filter(({ name }) => figures.includes(name)))
    for (const server of servers.filter((server) => figure.hls || server.ingestsAlone))
      await bench.recorder.attempt(figure.name, server.name, () => measureFigure(server, figure, bench));
  for (const [name, measure] of Object.entries({
    memory,
    'hls-requests': requests,
    startup,
    'blocked-players': blockedPlayers,
    'part-delay': partDelay,
    idle,
  }))
    for (const server of figures.includes(name) ? servers : [])
      await bench.recorder.attempt(name, server.name, () => measure(server, bench));
}

/** Measures one figure of one server. */
export async function measureFigure(
  server: Server,
  figure: Figure,
  { source, withServer, recorder }: MediaBench,
): Promise<void> {
  const usesHls = figure.args.includes('--hlss');
  const { lowLatency = false } = figure;
  if (lowLatency && server.makesParts !== true) return;
  const use = async (running: RunningServer): Promise<void> => {
    if (figure.hls && !server.makesHls) return;
    if (usesHls && running.hlsUrl === undefined) return;
    for (const [players, address] of Object.entries(PLAYER_ADDRESSES))
      if (figure.args.includes(players) && !running.publishArgs.includes(address)) return;
    const steal = watchSteal();
    const hlsArgs = running.hlsUrl !== undefined && usesHls ? ['--hls-url', running.hlsUrl] : [];
    const common = ['--flv', source, '--pubs', String(figure.publishers)];
    const measured = await runLoad([...common, ...running.publishArgs, ...hlsArgs, ...figure.args], running.pids);
    if (measured.load.dead > 0) throw new Error(`${measured.load.dead} connections failed: ${measured.load.error}`);
    recorder.note({ ...figure, figure: figure.name }, server.name, figure.read(measured), steal());
  };
  await withServer(server, figure.publishers, figure.hls, use, lowLatency);
}

/** A thousand players that wait for the same parts. Of `floor-node`, what a bare server takes that answers the same bytes at the same times. */
async function blockedPlayers(server: Server, { source, withServer, recorder }: MediaBench): Promise<void> {
  const isFloor = server === floorNode;
  if (!isFloor && server.makesParts !== true) return;
  const steal = watchSteal();
  const use = async (running: RunningServer): Promise<void> => {
    const { firstPlaylist: url = '' } = running;
    const times = ['--settle-ms', '6000', '--dur-ms', '32000'];
    const publishing = isFloor
      ? undefined
      : runLoad(['--flv', source, '--pubs', '1', ...running.publishArgs, ...times], running.pids);
    const { cpuMsPerPlayerSecond, kibibytesPerPlayer, spreadMs } = await blockPlayers(
      isFloor ? url : url.replace('index.m3u8', 'video.m3u8'),
      running.pids,
    );
    await publishing;
    const note = (figure: string, title: string, unit: string, value: number): void =>
      recorder.note(
        { figure, title: `${title}, ${BLOCKED_PLAYERS} players of Low-Latency HLS`, unit },
        server.name,
        value,
        steal(),
      );
    note('blocked-players-cpu', 'CPU of a player that waits for each part', 'ms per second', cpuMsPerPlayerSecond);
    note('blocked-players-memory', 'Memory of a player that waits', 'KiB', kibibytesPerPlayer);
    note('blocked-players-spread', 'From the first answer to the last one, median', 'ms', spreadMs);
  };
  await withServer(isFloor ? floorPlaylists : server, 1, true, use, true);
}

/** When a part is listed, for one stream and one player. */
async function partDelay(server: Server, { source, withServer, recorder }: MediaBench): Promise<void> {
  if (server.makesParts !== true) return;
  const steal = watchSteal();
  const use = async ({ publishArgs, firstPlaylist = '' }: RunningServer): Promise<void> => {
    const argument = (name: string): string => publishArgs[publishArgs.indexOf(name) + 1] ?? '';
    const [streamKey = ''] = readFileSync(argument('--names'), 'utf8').split('\n');
    const publisher = { url: argument('--rtmp'), streamKey };
    const playlist = firstPlaylist.replace('index.m3u8', 'video.m3u8');
    const { afterLastMs, afterNextMs } = await measurePartDelay(source, publisher, playlist);
    const note = (figure: string, title: string, value: number): void =>
      recorder.note({ figure, title: `Part listed after ${title}, median`, unit: 'ms' }, server.name, value, steal());
    note('part-delay', 'its last picture was sent', afterLastMs);
    note('part-delay-next', 'the picture behind it was sent', afterNextMs);
  };
  await withServer(server, 1, true, use, true);
}

/** What a server takes on which nothing happens. */
async function idle(server: Server, { withServer, recorder }: MediaBench): Promise<void> {
  const steal = watchSteal();
  const use = async ({ pids }: RunningServer): Promise<void> => {
    await delay(IDLE_WARM_MS);
    const before = usageOf(pids);
    await delay(IDLE_WINDOW_MS);
    const quantity = { figure: 'idle', title: 'CPU without any stream, after 15 s', unit: 'ms per second' };
    recorder.note(quantity, server.name, cpuMsPerSecond(before, usageOf(pids)), steal());
  };
  await withServer(server, 0, server.makesHls, use);
}

async function memory(server: Server, { source, withServer, recorder }: MediaBench): Promise<void> {
  if (!server.makesHls) return;
  const steal = watchSteal();
  const mebibytes = await measureMemory(server, source, withServer);
  const quantity = { figure: 'memory', title: 'Memory of a stream, after 90 s', unit: 'MiB' };
  recorder.note(quantity, server.name, mebibytes, steal());
}

async function requests(server: Server, { source, withServer, recorder }: MediaBench): Promise<void> {
  await withServer(server, 1, true, async (running) => {
    const { firstPlaylist } = running;
    if (firstPlaylist === undefined) return;
    const args = ['--flv', source, '--pubs', '1', ...running.publishArgs, '--settle-ms', '8000', '--dur-ms', '14000'];
    const publishing = runLoad(args, running.pids);
    const segment = await firstSegment(firstPlaylist);
    const unit = 'requests per second';
    const playlists = { figure: 'hls-playlists', title: 'Playlists served', unit };
    const segments = { figure: 'hls-segments', title: 'Segments served (600 KB)', unit };
    recorder.note(playlists, server.name, requestsPerSecond(firstPlaylist));
    recorder.note(segments, server.name, requestsPerSecond(segment));
    await publishing;
  });
}

async function startup(server: Server, { source, withServer, recorder }: MediaBench): Promise<void> {
  if (!server.makesHls) return;
  const seconds = await measureStartup(server, source, withServer);
  const quantity = { figure: 'startup', title: 'Start command to first listed segment', unit: 's' };
  recorder.note(quantity, server.name, seconds);
}
