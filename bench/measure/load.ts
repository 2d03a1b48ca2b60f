// Drives the load tool and reads the servers' CPU at the marks that it prints.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cpuMsPerSecond, usageOf } from './process-usage.ts';

export const BENCH_DIR = join(import.meta.dirname, '..');
export const CACHE_DIR = join(BENCH_DIR, '..', '.cache', 'bench');
export const BIN_DIR = join(CACHE_DIR, 'bin');

/** Which core the servers and the load run on, as `taskset -c` takes it; empty: wherever. */
export const SERVER_CPU = process.env['BENCH_SERVER_CPU'] ?? '0';
const LOAD_CPU = process.env['BENCH_LOAD_CPU'] ?? '1';
/** For servers with two threads: on a machine with two cores they share one with the load. */
export const TWO_CPUS = SERVER_CPU === '' || LOAD_CPU === '' ? '' : `${SERVER_CPU},${LOAD_CPU}`;

export const pinned = (cpu: string, command: readonly string[]): string[] =>
  cpu === '' ? [...command] : ['taskset', '-c', cpu, ...command];

/** Compiles the load tools. @throws when there is no C compiler */
export function buildLoadTools(): void {
  mkdirSync(BIN_DIR, { recursive: true });
  const built = spawnSync('make', ['-s', '-C', join(BENCH_DIR, 'load'), `OUT=${BIN_DIR}`], { stdio: 'inherit' });
  if (built.status !== 0) throw new Error('the load tools need make and a C compiler: apt-get install build-essential');
}

/** The 60 s source that every publisher sends: 720p30 H.264 at 2.5 Mbit/s and AAC, a keyframe every 2 s, each frame unique. */
export function makeSource(): string {
  const file = join(CACHE_DIR, 'source-2500k.flv');
  if (spawnSync('test', ['-s', file]).status === 0) return file;
  const args = [
    '-v',
    'error',
    '-y',
    '-f',
    'lavfi',
    '-i',
    'testsrc2=s=1280x720:r=30,noise=alls=12:allf=t',
    '-f',
    'lavfi',
    '-i',
    'sine=frequency=440:sample_rate=44100,aformat=channel_layouts=stereo',
    '-t',
    '60',
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-profile:v',
    'high',
    '-pix_fmt',
    'yuv420p',
    '-b:v',
    '2400k',
    '-maxrate',
    '2500k',
    '-bufsize',
    '2500k',
    '-g',
    '60',
    '-keyint_min',
    '60',
    '-sc_threshold',
    '0',
    '-bf',
    '2',
    '-b_strategy',
    '0',
    '-c:a',
    'aac',
    '-b:a',
    '128k',
    '-f',
    'flv',
    file,
  ];
  const made = spawnSync('ffmpeg', args, { stdio: 'inherit' });
  if (made.status !== 0) throw new Error('the source needs ffmpeg with libx264: apt-get install ffmpeg');
  return file;
}

export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** What mediaload prints at its end; see load/mediaload.c. */
export interface LoadResult {
  readonly window_s: number;
  readonly pubs: number;
  readonly dead: number;
  readonly error: string;
  readonly tx_mbit: number;
  readonly rx_hls_mbit: number;
  readonly max_pub_lag_ms: number;
  readonly hls: {
    readonly playlists: number;
    readonly segments: number;
    readonly errors: number;
    readonly missed: number;
  };
  readonly hls_last_ms?: Quantiles;
  /** From the publisher's sending of a picture to a player's having it. */
  readonly lat_rtmp_ms?: Quantiles;
  readonly lat_flv_ms?: Quantiles;
  /** From a player's connecting to its first whole keyframe. */
  readonly join_key_ms?: Quantiles;
  readonly hls_close_ms?: Quantiles;
  readonly hls_fetch_ms?: Quantiles;
}

export interface Measured<T = LoadResult> {
  readonly cpuMsPerSecond: number;
  readonly residentBytes: number;
  /** What the load tool says at its end. */
  readonly load: T;
}

/** Runs mediaload to its end. @param pids the servers, whose children count too */
export function runLoad(args: readonly string[], pids: readonly number[]): Promise<Measured> {
  return runTool<LoadResult>('mediaload', args, pids);
}

/** Runs a load tool to its end. */
export async function runTool<T>(tool: string, args: readonly string[], pids: readonly number[]): Promise<Measured<T>> {
  const [command, ...rest] = pinned(LOAD_CPU, [join(BIN_DIR, tool), ...args]);
  const child = spawn(command!, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  let before = usageOf(pids);
  let after = before;
  let load: T | undefined;
  let text = '';
  child.stdout.on('data', (data: Buffer) => {
    text += data.toString();
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      if (line.includes('"window_start"')) before = usageOf(pids);
      else if (line.includes('"window_end"')) after = usageOf(pids);
      else load = JSON.parse(line) as T;
    }
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (code !== 0 || !load) throw new Error(`${tool} ended with ${code}: ${errors.slice(-400)}`);
  return { cpuMsPerSecond: cpuMsPerSecond(before, after), residentBytes: after.residentBytes, load };
}
