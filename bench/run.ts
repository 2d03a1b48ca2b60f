// Measures Millrace and its peers side by side on this machine: npm run bench [-- --help]
import { mkdirSync, mkdtempSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FIGURES, type Figure } from './figures.ts';
import { firstSegment, requestsPerSecond } from './measure/http-load.ts';
import { BENCH_DIR, buildLoadTools, CACHE_DIR, makeSource, runLoad } from './measure/load.ts';
import { machineTicks, usageOf } from './measure/process-usage.ts';
import { measureStartup } from './measure/startup.ts';
import { drawPicture } from './report/picture.ts';
import type { Report, Result } from './report/results.ts';
import { formatTable, formatValue } from './report/table.ts';
import { floorNode } from './servers/floor-node.ts';
import { millraceCluster } from './servers/millrace-cluster.ts';
import { millraceStandalone } from './servers/millrace-standalone.ts';
import { nginxRtmp } from './servers/nginx-rtmp.ts';
import { nodeMediaServer } from './servers/node-media-server.ts';
import type { RunningServer, Server } from './servers/server.ts';

const SERVERS: readonly Server[] = [millraceStandalone, millraceCluster, nginxRtmp, nodeMediaServer, floorNode];
const HELP = `npm run bench -- [--servers a,b] [--figures a,b] [--runs 1] [--name NAME]

servers   ${SERVERS.map((server) => server.name).join(', ')}
figures   ${[...FIGURES.map((figure) => figure.name), 'hls-requests', 'memory', 'startup'].join(', ')}
Writes bench/results/NAME.{json,md,svg}. All traffic stays on 127.0.0.1.`;

const { values } = parseArgs({
  options: {
    servers: { type: 'string' },
    figures: { type: 'string' },
    runs: { type: 'string', default: '1' },
    name: { type: 'string', default: 'latest' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

const wanted = (list: string | undefined, name: string): boolean =>
  list === undefined || list.split(',').includes(name);
const results: Result[] = [];
let portBase = 21_000;

function note(
  figure: string,
  title: string,
  unit: string,
  server: string,
  value: number | undefined,
  stealPercent: number,
): void {
  if (value === undefined || !Number.isFinite(value)) return;
  results.push({ figure, title, unit, server, value, stealPercent });
  console.log(
    `${figure.padEnd(18)} ${server.padEnd(20)} ${formatValue(value)} ${unit} (steal ${stealPercent.toFixed(0)} %)`,
  );
}

async function withServer<T>(
  server: Server,
  streams: number,
  hls: boolean,
  use: (running: RunningServer) => Promise<T>,
): Promise<T> {
  portBase = portBase >= 29_000 ? 21_000 : portBase + 40;
  const workDir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), `bench-${server.name}-`));
  const running = await server.start({ workDir, portBase, streams, hls });
  try {
    return await use(running);
  } finally {
    await running.stop();
    rmSync(workDir, { recursive: true, force: true });
  }
}

async function measureFigure(server: Server, figure: Figure, source: string): Promise<void> {
  const usesHls = figure.args.includes('--hlss');
  await withServer(server, figure.publishers, figure.hls, async (running) => {
    if (usesHls && running.hlsUrl === undefined) return;
    const before = { ...machineTicks(), at: Date.now() };
    const hlsArgs = running.hlsUrl && usesHls ? ['--hls-url', running.hlsUrl] : [];
    const args = [
      '--flv',
      source,
      '--pubs',
      String(figure.publishers),
      ...running.publishArgs,
      ...hlsArgs,
      ...figure.args,
    ];
    const measured = await runLoad(args, running.pids);
    const steal = ((machineTicks().steal - before.steal) * 1000) / (Date.now() - before.at) / cpus().length;
    if (measured.load.dead > 0) throw new Error(`${measured.load.dead} connections failed: ${measured.load.error}`);
    note(figure.name, figure.title, figure.unit, server.name, figure.read(measured), steal);
    if (figure.name === 'ingest-hls-50') {
      const idle = await withServer(server, 1, true, async (other) => usageOf(other.pids).residentBytes);
      const perStream = (measured.residentBytes - idle) / figure.publishers / 2 ** 20;
      note('memory', 'Memory per stream, 50 publishers', 'MiB', server.name, perStream, steal);
    }
  });
}

async function measureRequests(server: Server, source: string): Promise<void> {
  await withServer(server, 1, true, async (running) => {
    if (running.firstPlaylist === undefined) return;
    const publishing = runLoad(
      ['--flv', source, '--pubs', '1', ...running.publishArgs, '--settle-ms', '8000', '--dur-ms', '14000'],
      running.pids,
    );
    const segment = await firstSegment(running.firstPlaylist);
    note(
      'hls-playlists',
      'Playlists served',
      'requests per second',
      server.name,
      requestsPerSecond(running.firstPlaylist),
      0,
    );
    note('hls-segments', 'Segments served (600 KB)', 'requests per second', server.name, requestsPerSecond(segment), 0);
    await publishing;
  });
}

buildLoadTools();
const source = makeSource();
mkdirSync(CACHE_DIR, { recursive: true });
const versions: Record<string, string> = {};
for (const server of SERVERS.filter((server) => wanted(values.servers, server.name))) {
  const missing = server.missing();
  if (missing !== undefined) console.log(`${server.name} is left out: ${missing}`);
  else versions[server.name] = server.version();
}
const present = SERVERS.filter((server) => server.name in versions);
for (let run = 0; run < Number(values.runs); run++) {
  // All servers for one figure, then the next figure: what disturbs the machine disturbs all of them.
  for (const figure of FIGURES.filter((figure) => wanted(values.figures, figure.name))) {
    for (const server of present) {
      if (figure.hls && server.name === 'node-media-server') continue;
      if (figure.hls === false && server.name === 'millrace-cluster') continue;
      await measureFigure(server, figure, source);
    }
  }
  if (wanted(values.figures, 'hls-requests')) for (const server of present) await measureRequests(server, source);
  if (wanted(values.figures, 'startup')) {
    for (const server of present) {
      const seconds = await measureStartup(server, source, withServer);
      note('startup', 'Start command to first listed segment', 's', server.name, seconds, 0);
    }
  }
}

const report: Report = {
  at: new Date().toISOString(),
  machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
  versions,
  results,
};
const caption = `${report.machine}, server and load on a core each, 720p30 at 2.5 Mbit/s; ${report.at.slice(0, 10)}`;
const table = formatTable(
  results,
  SERVERS.map((server) => server.name),
);
mkdirSync(join(BENCH_DIR, 'results'), { recursive: true });
const out = join(BENCH_DIR, 'results', values.name);
writeFileSync(`${out}.json`, `${JSON.stringify(report, null, 2)}\n`);
writeFileSync(`${out}.md`, `${caption}\n\n${table}\n`);
writeFileSync(`${out}.svg`, drawPicture(results, caption));
console.log(`\n${table}\n\nwritten to bench/results/${values.name}.{json,md,svg}`);
