// openapi-python-client in a virtual environment of its own: the pinned versions of it and of all that it needs, installed once.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findProgram } from '../processes/find-program.ts';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const fingerprint = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 16);

/** A virtual environment whose name follows from the pinned versions. */
const HOME = resolve(import.meta.dirname, `../../.cache/python-client/${fingerprint}`);

/** Its `python`, whose module `openapi_python_client` is the generator, and `ruff`, with which that formats what it makes. */
export const PYTHON_CLIENT_BIN = join(HOME, 'bin');

/** How long pip may take, in milliseconds. */
const INSTALL_TIMEOUT_MS = 180_000;

const PYTHON_CLIENT_ADVICE =
  'Python 3.11 or later with venv and pip is needed to make the Python client of the REST API: as root on Debian or Ubuntu run ' +
  '"apt-get install python3-venv"; on macOS "brew install python"';

/** Whether a Python interpreter can make virtual environments with pip: Debian has the modules for that in packages of their own. */
export function makesEnvironments(python: string): boolean {
  const check = 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))';
  return spawnSync(python, ['-c', check]).status === 0;
}

/**
 * Installs it into `.cache` unless it is there.
 *
 * @throws {Error} that says what to install
 */
export function ensurePythonClient(): void {
  if (existsSync(HOME)) return;
  const python = findProgram('python3');
  if (python === undefined || !makesEnvironments(python)) throw new Error(PYTHON_CLIENT_ADVICE);
  console.log('Installing openapi-python-client, once.');
  // Under another name until it is whole: several may install at the same time. Its python works under any.
  const unfinished = `${HOME}.${process.pid}`;
  mkdirSync(resolve(HOME, '..'), { recursive: true });
  try {
    run(python, ['-m', 'venv', unfinished]);
    const options = [
      '--quiet',
      '--disable-pip-version-check',
      '--no-compile',
      '--require-hashes',
      '--only-binary=:all:',
    ];
    run(join(unfinished, 'bin/python'), ['-m', 'pip', 'install', ...options, '--requirement', REQUIREMENTS]);
    if (!existsSync(HOME)) renameSync(unfinished, HOME);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** @throws {Error} that says how to get it */
export function requirePythonClient(): string {
  const python = join(PYTHON_CLIENT_BIN, 'python');
  if (!existsSync(python))
    throw new Error(`openapi-python-client is not installed: \`npm test\` does that. ${PYTHON_CLIENT_ADVICE}`);
  return python;
}

function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'], timeout: INSTALL_TIMEOUT_MS });
}
