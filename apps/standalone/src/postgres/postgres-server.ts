// Runs a PostgreSQL of our own: makes its data folder, starts it, stops it, and never leaves one behind.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './free-port.ts';
import { initializeDataFolder } from './initialize-data-folder.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { PostgresError } from './postgres-error.ts';
import { isServing, readPostmasterPid } from './postmaster-pid.ts';
import { chooseIdentity, readCapabilities, runAs } from './run-as.ts';
import type { ProcessCapabilities, Identity } from './run-as.ts';
import { waitUntil } from './wait-until.ts';

export interface PostgresOptions {
  readonly binaries: PostgresBinaries;
  /** Holds `data/`, the password and the log; made when it is not there. */
  readonly folder: string;
  /** TCP port on 127.0.0.1; 0 takes a free one at each start. */
  readonly port: number;
  /** Made when it does not exist. Only `[a-z_]`. */
  readonly database: string;
  /** Called when it ends without having been asked to. */
  readonly onExit?: () => void;
}

const USER = 'millrace';
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
const ATTEMPTS = 3;
const LOG_TAIL_BYTES = 2_000;

/**
 * Small: a control plane's few rows, next to media that wants the memory. A commit is on disk before it is answered, whatever the processes in
 * the background do: they are to wake up seldom.
 */
const SERVER_SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '16MB',
  max_connections: '60',
  log_min_messages: 'warning',
  wal_writer_delay: '5s',
  bgwriter_delay: '1s',
};

export class PostgresServer {
  readonly #options: PostgresOptions;
  readonly #can: ProcessCapabilities = readCapabilities();
  readonly #dataFolder: string;
  #identity: Identity = { kind: 'own' };
  #child: ChildProcess | undefined;
  /** The process that was asked to end. */
  #asked: ChildProcess | undefined;
  /** Kept over restarts once it is known, so that its address stays the same. */
  #port = 0;
  #password = '';

  constructor(options: PostgresOptions) {
    this.#options = options;
    this.#dataFolder = join(options.folder, 'data');
  }

  /**
   * Starts it, and stops one first that an earlier process has left on the same folder.
   *
   * @returns a connection URL, with its password: not for logs
   * @throws {PostgresError} with PostgreSQL's own last words
   */
  async start(): Promise<string> {
    mkdirSync(this.#options.folder, { recursive: true, mode: 0o700 });
    await stopLeftOver(this.#dataFolder);
    this.#identity = this.#chooseIdentity();
    this.#password = this.#readPassword();
    if (!existsSync(join(this.#dataFolder, 'PG_VERSION'))) await this.#initialize();
    const fixedPort = this.#port || this.#options.port;
    for (let attempt = 1; ; attempt++) {
      this.#port = fixedPort || (await freePort());
      if (await this.#launch(attempt === ATTEMPTS || fixedPort !== 0)) break;
    }
    await this.#ensureDatabase();
    return this.url;
  }

  get url(): string {
    return `postgres://${USER}:${this.#password}@127.0.0.1:${this.#port}/${this.#options.database}`;
  }

  /** Its process, while it runs. */
  get pid(): number | undefined {
    const child = this.#child;
    return child === undefined || hasEnded(child) ? undefined : child.pid;
  }

  /** Lets running transactions end by rollback, writes everything down and stops. Idempotent. */
  async stop(): Promise<void> {
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) if (await this.kill(signal)) return;
  }

  /** Sends a signal that ends it. @returns whether it has ended in time */
  async kill(signal: NodeJS.Signals): Promise<boolean> {
    const child = this.#child;
    if (child === undefined || hasEnded(child)) return true;
    this.#asked = child;
    child.kill(signal);
    return waitUntil(() => hasEnded(child), STOP_TIMEOUT_MS);
  }

  #chooseIdentity(): Identity {
    const owner = existsSync(this.#dataFolder) ? statSync(this.#dataFolder).uid : undefined;
    const identity = chooseIdentity(this.#can, owner);
    if (identity !== undefined) return identity;
    throw new PostgresError(
      'PostgreSQL does not run as root, and neither "unshare" nor "setpriv" (package util-linux) works here: ' +
        'start Millrace as another user, or set MILLRACE_DATABASE_URL to a PostgreSQL that you run',
    );
  }

  #readPassword(): string {
    const file = join(this.#options.folder, 'password');
    if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600 });
    return readFileSync(file, 'utf8').trim();
  }

  async #initialize(): Promise<void> {
    mkdirSync(this.#dataFolder, { recursive: true, mode: 0o700 });
    if (this.#identity.kind === 'user') {
      chownSync(this.#dataFolder, this.#identity.uid, this.#identity.uid);
      // Its own folders must let it through; what they hold is protected file by file.
      chmodSync(this.#options.folder, 0o711);
    }
    await initializeDataFolder({
      command: (args) => runAs(this.#can, this.#identity, this.#options.binaries.initdb, args),
      dataFolder: this.#dataFolder,
      user: USER,
      password: this.#password,
      ownerUid: this.#identity.kind === 'user' ? this.#identity.uid : undefined,
    });
  }

  /** @returns false when the port was taken meanwhile and another one may be tried */
  async #launch(last: boolean): Promise<boolean> {
    const settings = Object.entries({ ...SERVER_SETTINGS, port: String(this.#port) });
    const args = ['-D', this.#dataFolder, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
    const { command, args: rest } = runAs(this.#can, this.#identity, this.#options.binaries.postgres, args);
    const logFile = join(this.#options.folder, 'postgres.log');
    const log = openSync(logFile, 'w', 0o600);
    // A process group of its own: Ctrl-C is for us, and we stop it after the services that use it.
    const child = spawn(command, rest, { stdio: ['ignore', log, log], detached: true, cwd: '/' });
    closeSync(log);
    let failure: Error | undefined;
    child.once('error', (error) => (failure = error));
    const ended = (): boolean => failure !== undefined || hasEnded(child);
    const ready = (): boolean => {
      const pid = readPostmasterPid(this.#dataFolder);
      return pid?.ready === true && pid.pid === child.pid;
    };
    await waitUntil(() => ready() || ended(), START_TIMEOUT_MS);
    if (!ended() && ready()) {
      this.#child = child;
      child.once('exit', () => this.#asked !== child && this.#options.onExit?.());
      return true;
    }
    child.kill('SIGKILL');
    const words = readFileSync(logFile, 'utf8').slice(-LOG_TAIL_BYTES).trim();
    if (!last && words.includes('could not bind')) return false;
    throw new PostgresError(`PostgreSQL did not start on port ${this.#port}: ${failure?.message ?? words}`);
  }

  async #ensureDatabase(): Promise<void> {
    const { database } = this.#options;
    const client = new pg.Client({ connectionString: this.url.replace(/[^/]+$/, 'postgres') });
    await client.connect();
    try {
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`);
    } finally {
      await client.end();
    }
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** It may end by itself in this very moment. */
function tellToEnd(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** A postmaster outlives a killed parent where nothing tells it of the death; it must go before a new one can serve. */
async function stopLeftOver(dataFolder: string): Promise<void> {
  const left = readPostmasterPid(dataFolder);
  if (left === undefined) return;
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (!isServing(dataFolder, left.pid)) return;
    tellToEnd(left.pid, signal);
    if (await waitUntil(() => !isServing(dataFolder, left.pid), STOP_TIMEOUT_MS)) return;
  }
  throw new PostgresError(`another PostgreSQL (process ${left.pid}) serves ${dataFolder} and does not stop`);
}
