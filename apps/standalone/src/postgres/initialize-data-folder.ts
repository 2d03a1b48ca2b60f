// initdb: makes a PostgreSQL data folder whose only user needs a password, also on this machine.
import { spawn } from 'node:child_process';
import { chownSync, rmSync, writeFileSync } from 'node:fs';
import { PostgresError } from './postgres-error.ts';
import type { RunnableCommand } from './run-as.ts';

export interface InitializeOptions {
  readonly command: (args: readonly string[]) => RunnableCommand;
  readonly dataFolder: string;
  readonly user: string;
  readonly password: string;
  /** Who runs initdb, when that is not who we are. */
  readonly ownerUid: number | undefined;
}

/** @throws {PostgresError} with initdb's own words; the folder is left empty then */
export async function initializeDataFolder(options: InitializeOptions): Promise<void> {
  const { dataFolder, ownerUid } = options;
  const passwordFile = `${dataFolder}.password`;
  writeFileSync(passwordFile, options.password, { mode: 0o600 });
  if (ownerUid !== undefined) chownSync(passwordFile, ownerUid, ownerUid);
  const { command, args } = options.command([
    `--pgdata=${dataFolder}`,
    `--username=${options.user}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-instructions',
  ]);
  try {
    await run(command, args);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

function run(command: string, args: readonly string[]): Promise<void> {
  return new Promise((done, failed) => {
    let words = '';
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' });
    const hear = (text: Buffer): void => void (words = (words + text.toString()).slice(-4_000));
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', failed);
    child.once('close', (code) =>
      code === 0 ? done() : failed(new PostgresError(`initdb ended with code ${code}: ${words.trim()}`)),
    );
  });
}
