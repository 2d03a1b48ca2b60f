// The command `millrace` beside a running `npm start`: as a person or a script uses it, from an empty server to a live stream.
import { execFile, execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { ManagedProcess } from '@millrace/tools/processes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { SOURCE_FILE } from './support/source.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const root = resolve(import.meta.dirname, '..');
const program = join(root, 'apps/cli/bin/millrace.mjs');
const home = temporaryFolder('cli');

let millrace: Standalone;
const background: ManagedProcess[] = [];
beforeAll(async () => {
  millrace = await startStandalone();
});
afterAll(async () => {
  for (const each of background) await each.kill();
  await millrace?.stop();
  home.remove();
});

/** What finds the server is its data folder, and nothing else. */
const environment = (own: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: home.path,
  MILLRACE_DATA_DIR: millrace.dataFolder,
  MILLRACE_METRICS_PORT: String(millrace.ports.metrics),
  ...own,
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (line: string, own?: Readonly<Record<string, string>>): Promise<Ended> =>
  new Promise((done) => {
    const options = { env: environment(own), cwd: home.path, timeout: 60_000 };
    execFile(process.execPath, [program, ...line.split(' ')], options, (error, stdout, stderr) => {
      done({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });

/** @returns what `--json` wrote, of a command that worked */
async function json<T>(line: string): Promise<T> {
  const { code, stdout, stderr } = await run(`${line} --json`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

async function start(line: string, ready: RegExp): Promise<ManagedProcess> {
  const started: ManagedProcess = new ManagedProcess({
    name: line,
    command: process.execPath,
    args: [program, ...line.split(' ')],
    cwd: home.path,
    env: () => environment(),
    isReady: async () => ready.test(started.logs.lines.join('\n')),
  });
  background.push(started);
  await started.start();
  return started;
}

interface Stream {
  readonly id: string;
  readonly status: string;
}
interface Listed<T> {
  readonly data: readonly T[];
}

describe('the command line', () => {
  it('publishes, watches, follows and diagnoses a stream, and leaves no key behind', async () => {
    const { id } = await json<Stream>('streams create stage');
    expect((await json<Listed<Stream>>('streams list --name stage')).data).toMatchObject([{ id, status: 'idle' }]);
    const [{ id: before = '' } = {}] = (await json<Listed<{ id: string }>>('streams list --limit 1')).data;
    expect(before).toBe(id);

    const tail = await start(`tail --json --type live_stream.* --object ${id}`, /Following events/);
    const publisher = await start(`publish stage ${SOURCE_FILE} --loop`, /Publishing to rtmp:.*[^]*watch {2}http/);
    const state = await eventually('viewers can watch', async () => {
      const seen = await json<{ live_stream: Stream; session: { ingest: { frame_rate: number } | null } | null }>(
        'watch stage --once',
      );
      return seen.live_stream.status === 'active' && seen.session?.ingest ? seen : undefined;
    });
    expect(state.session?.ingest?.frame_rate).toBeGreaterThan(10);

    const { checks } = await json<{ checks: readonly { name: string; state: string; found: string }[] }>('doctor');
    // How much room the disk of the test has says nothing about the server.
    const looked = checks.filter(({ name }) => name !== 'disk');
    expect(looked.filter((check) => check.state === 'fail' || check.state === 'warn')).toEqual([]);
    const found = Object.fromEntries(checks.map((check) => [check.name, check.found]));
    expect(found['HLS']).toMatch(/plays: \d+ segments/);
    expect(found['RTMP']).toMatch(/OBS connects with Server rtmp:.*bad key: this stream key does not exist/);
    expect(found['RTMP play']).toMatch(/playback id that does not exist is refused: .*no such playback id/);
    expect(found['RTSP play']).toMatch(/playback id that does not exist is refused: “404 There is no such playback id/);
    expect(found['RTSP']).toMatch(/wrong key is refused: “403 bad key/);
    expect(found['SRT']).toBe('a wrong key is refused: reason 1401');
    expect(found['service']).toContain('ready on this machine');

    publisher.signal('SIGINT');
    await publisher.ended();
    expect(publisher.exitCode).toBe(130);
    const keys = await json<Listed<{ name: string; status: string }>>('keys list stage');
    expect(keys.data).toMatchObject([{ name: 'millrace publish', status: 'revoked' }]);

    const events = (): string[] => tail.logs.lines.filter((line) => line.startsWith('{'));
    const types = (): unknown[] => events().map((line) => (JSON.parse(line) as { type: unknown }).type);
    await eventually('the events have come', () => types().includes('live_stream.disconnected'));
    expect(types()).toEqual(expect.arrayContaining(['live_stream.connected', 'live_stream.active']));
  });

  it('shows what the server says when it refuses', async () => {
    await json('streams create quiet');
    await run('streams disable quiet');
    const { code, stderr } = await run(`publish quiet ${SOURCE_FILE}`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/refuses to be published to: stream disabled: this live stream is disabled[^]*What to do:/);
  });

  it('ends with a code for each kind of trouble', async () => {
    const key = millrace.quickstart.api_key;
    const lines: readonly [string, Readonly<Record<string, string>>, number, RegExp][] = [
      ['streams get nothing-of-this-name', {}, 4, /there is no live stream/],
      ['streams list --nonsense', {}, 2, /--help/],
      ['streams list', { MILLRACE_API_KEY: key.replace(/.$/, '_') }, 3, /mistyped/],
      [
        `streams list --url http://127.0.0.1:${millrace.ports.rtmps}`,
        { MILLRACE_API_KEY: key },
        5,
        /nothing listens there/,
      ],
      ['tenants create acme', { MILLRACE_API_KEY: key }, 6, /operator/i],
      ['doctor --rtmp rtmp://127.0.0.1:1/live', {}, 1, /^$/],
    ];
    const ended = await Promise.all(lines.map(([line, own]) => run(line, own)));
    for (const [index, [line, , code, said]] of lines.entries()) {
      expect([line, ended[index]?.code]).toEqual([line, code]);
      expect(ended[index]?.stderr).toMatch(said);
      expect(ended[index]?.stderr).not.toContain(key);
    }
    expect((await json<{ name: string }>('tenants create acme')).name).toBe('acme');
  });

  it('completes its words in bash, and is what npx runs in a clone', () => {
    const script = `source <("$0" "$1" completion bash)
      COMP_WORDS=(millrace streams de); COMP_CWORD=2; _millrace; echo "\${COMPREPLY[*]}"`;
    const options = { encoding: 'utf8', env: environment() } as const;
    expect(execFileSync('bash', ['-c', script, process.execPath, program], options)).toBe('delete\n');
    expect(execFileSync('npx', ['--no', '--', 'millrace', '--version'], { ...options, cwd: root })).toMatch(
      /^millrace \d/,
    );
  });
});
