// Measures Millrace and its peers side by side on this machine, or two commits of Millrace: npm run bench [-- --help]
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AGAINST_FIGURES, measureAgainst } from './against/measure-against.ts';
import { buildLoadTools, CACHE_DIR, makeSource } from './measure/load.ts';
import { RELAY_FLOWS } from './measure/relay.ts';
import { Recorder } from './report/recorder.ts';
import { isOurs } from './report/table.ts';
import { writeReport } from './report/write-report.ts';
import { MEDIA_FIGURES, measureMedia, SERVERS } from './run-media.ts';
import { measureRelays, RELAY_FIGURES, RELAYS } from './run-relays.ts';
import type { WithRelay } from './run-relays.ts';
import { measureSignaling, SIGNALING, SIGNALING_FIGURES, startSignaling } from './run-signaling.ts';
import type { WithServer } from './servers/server.ts';

const ALL = [...SERVERS, ...RELAYS, SIGNALING];
const ALL_FIGURES: readonly string[] = [...MEDIA_FIGURES, ...RELAY_FIGURES, ...SIGNALING_FIGURES];
const HELP = `npm run bench -- [--servers a,b] [--figures a,b] [--runs 3] [--name NAME] [--add]
npm run bench -- --against COMMIT [--figures a,b] [--runs 5]

servers   ${SERVERS.map(({ name }) => name).join(', ')}
relays    ${RELAYS.map(({ name }) => name).join(', ')}
rooms     ${SIGNALING.name}
figures   ${ALL_FIGURES.join(', ')}
--runs    so many of each figure, in turns: the table has their medians, and the lowest and highest
--add     keeps what bench/results/NAME.json has besides
--against compares what is checked out with COMMIT, in alternated runs and less than 20 minutes: ${AGAINST_FIGURES.join(', ')};
          writes bench/results/against.{json,md}
Writes bench/results/NAME.{json,md,svg}. All traffic stays on 127.0.0.1.`;

const { values } = parseArgs({
  options: {
    servers: { type: 'string' },
    figures: { type: 'string' },
    runs: { type: 'string' },
    against: { type: 'string' },
    name: { type: 'string', default: 'latest' },
    add: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

/** @throws for a name that there is not: a typing error would measure nothing, in silence */
function chosen(list: string | undefined, names: readonly string[]): string[] {
  const asked = list?.split(',') ?? [...names];
  const unknown = asked.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`there is no ${unknown}; see npm run bench -- --help`);
  return asked;
}

/** Two runs at once need places of their own. */
const FIRST_PORT = Number(process.env['BENCH_FIRST_PORT'] ?? 21_000);
const LAST_PORT = FIRST_PORT + 8_000;
const PORTS_EACH = 60;
let portBase = FIRST_PORT - PORTS_EACH;

/** An empty folder, in memory where there is such a place, and ports that nothing of this run has used for long. */
async function withPlace<R extends { stop(): Promise<void> }, T>(
  name: string,
  start: (workDir: string, portBase: number) => Promise<R>,
  use: (running: R) => Promise<T>,
): Promise<T> {
  portBase = portBase >= LAST_PORT ? FIRST_PORT : portBase + PORTS_EACH;
  const workDir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), `bench-${name}-`));
  try {
    const running = await start(workDir, portBase);
    try {
      return await use(running);
    } finally {
      await running.stop();
    }
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

const withServer: WithServer = (server, streams, hls, use, lowLatency = false) =>
  withPlace(server.name, (workDir, portBase) => server.start({ workDir, portBase, streams, hls, lowLatency }), use);
const withRelay: WithRelay = (relay, threads, use) =>
  withPlace(relay.name, (workDir, portBase) => relay.start({ workDir, portBase, flows: RELAY_FLOWS, threads }), use);

if (values.against !== undefined) {
  buildLoadTools();
  const table = await measureAgainst({
    commit: values.against,
    runs: Number(values.runs ?? 5),
    figures: chosen(values.figures, AGAINST_FIGURES),
    withServer,
    withRelay,
  });
  console.log(`\n${table}\n\nwritten to bench/results/against.{json,md}`);
  process.exit(0);
}

const figures = chosen(values.figures, ALL_FIGURES);
const names = chosen(
  values.servers,
  ALL.map(({ name }) => name),
);
buildLoadTools();
mkdirSync(CACHE_DIR, { recursive: true });

const versions: Record<string, string> = {};
const concerned = [
  ...(figures.some((figure) => MEDIA_FIGURES.includes(figure)) ? SERVERS : []),
  ...(figures.some((figure) => (RELAY_FIGURES as readonly string[]).includes(figure)) ? RELAYS : []),
  ...(figures.some((figure) => (SIGNALING_FIGURES as readonly string[]).includes(figure)) ? [SIGNALING] : []),
];
for (const server of concerned.filter(({ name }) => names.includes(name))) {
  const missing = server.missing();
  if (missing !== undefined) console.log(`${server.name} is left out: ${missing}`);
  else versions[server.name] = server.version();
}
const present = <S extends { readonly name: string }>(list: readonly S[]): S[] =>
  list.filter(({ name }) => name in versions);

const recorder = new Recorder();
const inTurn = <S>(list: S[], run: number): S[] => (run % 2 === 0 ? list : list.toReversed());
for (let run = 0; run < Number(values.runs ?? 3); run++) {
  if (present(SERVERS).length > 0) {
    await measureMedia(figures, {
      servers: inTurn(present(SERVERS), run),
      source: makeSource(),
      recorder,
      withServer,
    });
  }
  await measureRelays(figures, inTurn(present(RELAYS), run), withRelay, recorder);
  if (present([SIGNALING]).length > 0)
    await measureSignaling(figures, (use) => withPlace(SIGNALING.name, startSignaling, use), recorder);
}
const table = writeReport(values.name, {
  results: recorder.results,
  failures: recorder.failures,
  versions,
  tables: [SERVERS, RELAYS, [SIGNALING]].map((servers) => servers.map(({ name }) => name)),
  add: values.add,
});
console.log(`\n${table}\n\nwritten to bench/results/${values.name}.{json,md,svg}`);
if (recorder.failures.some(({ server }) => isOurs(server))) process.exitCode = 1;
