// `npm run cluster`: starts everything, prints what to do with it, and stops everything on a signal. Restarts nothing.
import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { formatQuickstart, otherEncoders } from '@millrace/standalone/quickstart';
import { ensureNatsServer, NATS_SERVER_ADVICE } from '../nats-server/index.ts';
import { Cluster } from './cluster.ts';
import { defaultPorts, portsFrom } from './cluster-ports.ts';
import { publicUrls } from './cluster-services.ts';

const USAGE = `usage: npm run cluster [-- OPTION…]

Runs NATS, Redis, PostgreSQL and every Millrace service as processes of their own on this machine.

  --data-dir DIR      where all of them keep their data (./cluster-data)
  --edges N           how many rtmp-edges (2); the first listens on 1935, the next on 1945, …
  --rtsp-edges N      how many rtsp-edges (1); the first listens on 8554, the next on 8564, …
  --srt-edges N       how many srt-edges (1); the first listens on UDP 8890, the next on 8900, …
  --packagers N       how many packagers (2)
  --gateways N        how many gateways (1); the first listens on 8080, the next on 8081, …
  --signalings N      how many signaling servers (2); the first listens on 8180, the next on 8181, …
  --turns N           how many STUN and TURN servers (1); the first listens on 3478 and 5349, the next two above, …
  --port-base PORT    put all ports between PORT and PORT + 99 instead
  -h, --help          show this

Settings of the services come from the environment; .env.example lists all of them.`;

const MAX_OF_A_KIND = 10;
/** Each takes a port and the one above it, with `--port-base`. */
const MAX_TURNS = 5;
const MAX_RTSP_EDGES = 3;

function readOptions() {
  const { values } = parseArgs({
    options: {
      'data-dir': { type: 'string', default: './cluster-data' },
      edges: { type: 'string', default: '2' },
      'rtsp-edges': { type: 'string', default: '1' },
      'srt-edges': { type: 'string', default: '1' },
      packagers: { type: 'string', default: '2' },
      gateways: { type: 'string', default: '1' },
      signalings: { type: 'string', default: '2' },
      turns: { type: 'string', default: '1' },
      'port-base': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const count = (
    name: 'edges' | 'rtsp-edges' | 'srt-edges' | 'packagers' | 'gateways' | 'signalings' | 'turns',
    least = 1,
    most = MAX_OF_A_KIND,
  ): number => wholeNumber(`--${name}`, values[name], least, most);
  const size = {
    edges: count('edges'),
    rtspEdges: count('rtsp-edges', 0, MAX_RTSP_EDGES),
    srtEdges: count('srt-edges', 0),
    packagers: count('packagers'),
    gateways: count('gateways'),
    signalings: count('signalings', 0),
    turns: count('turns', 0, MAX_TURNS),
  };
  const base = values['port-base'];
  const ports =
    base === undefined ? defaultPorts(size) : portsFrom(wholeNumber('--port-base', base, 1024, 65_000), size);
  return { help: values.help, folder: resolve(values['data-dir']), ports };
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`${name} must be a whole number from ${least} to ${most}`);
}

const COLOURS = [36, 33, 32, 35, 34, 31];
const coloured = process.stdout.isTTY;

function prefixOf(name: string, index: number): string {
  const label = `${name.padEnd(10)} │ `;
  return coloured ? `\u001b[${COLOURS[index % COLOURS.length]}m${label}\u001b[0m` : label;
}

async function main(): Promise<void> {
  const { help, folder, ports } = readOptions();
  if (help) return console.log(USAGE);
  if (!ensureNatsServer()) console.warn(`Warning: ${NATS_SERVER_ADVICE}. Going on with what this machine has.`);
  const prefixes = new Map<string, string>();
  const cluster = new Cluster({
    folder,
    ports,
    env: { MILLRACE_LOG_PRETTY: String(process.stdout.isTTY === true), ...onlyMillrace(process.env) },
    onLine: (name, line) => console.log((prefixes.get(name) ?? `${name} │ `) + line),
  });
  cluster.names.forEach((name, i) => prefixes.set(name, prefixOf(name, i)));

  let stopping: Promise<void> | undefined;
  const stop = (): void => {
    if (stopping !== undefined) process.exit(130);
    console.log('Stopping the cluster…');
    stopping = cluster.stop().then(() => process.exit(process.exitCode ?? 0));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // The channel to `npm run cluster` closes when that is killed.
  process.on('disconnect', stop);

  console.log(`Starting ${cluster.names.join(', ')} with data in ${folder}`);
  try {
    await cluster.start();
    const quickstart = await cluster.quickstart();
    const clip = join('media', 'bbb-h264-aac.flv');
    const file = relative(process.cwd(), join(folder, 'quickstart.json'));
    const secrets = process.stdout.isTTY ? 'shown' : { keptIn: file };
    const { publicRtspUrl, publicSrtUrl } = publicUrls(ports);
    const encoders = otherEncoders(publicRtspUrl, publicSrtUrl);
    console.log(formatQuickstart(quickstart, existsSync(clip) ? clip : 'FILE', { encoders, secrets }));
    const others = ports.edges.slice(1).map(({ rtmp }) => `rtmp://localhost:${rtmp}/live`);
    if (others.length > 0) console.log(`  More RTMP servers: ${others.join(' ')}`);
    const [first, ...rtsp] = ports.rtspEdges.map((edge) => `rtsp://localhost:${edge.rtsp}/live`);
    if (first !== undefined) console.log(`  RTSP server: ${[first, ...rtsp].join(' ')}`);
    const [srt, ...moreSrt] = ports.srtEdges.map((edge) => `srt://localhost:${edge.srt}`);
    if (srt !== undefined) console.log(`  SRT server: ${[srt, ...moreSrt].join(' ')}`);
    const more = ports.signalings.slice(1).map(({ websocket }) => `ws://localhost:${websocket}/v1/rooms`);
    if (more.length > 0) console.log(`  More signaling servers: ${more.join(' ')}`);
    console.log(`  The same as JSON: ${file}`);
  } catch (error) {
    process.exitCode = 1;
    if (stopping === undefined) {
      console.error(error instanceof Error ? error.message : String(error));
      stop();
    }
  }
}

/** What the user sets in the environment goes to every service. */
function onlyMillrace(env: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(env).filter(([name]) => name.startsWith('MILLRACE_'));
  return Object.fromEntries(entries.map(([name, value]) => [name, value ?? '']));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  console.error(`\n${USAGE}`);
  process.exit(1);
});
