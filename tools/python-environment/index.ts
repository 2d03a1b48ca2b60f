// Virtual environments of Python with pinned packages: each installed once, into `.cache`, under a name that follows from its versions.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findProgram } from '../processes/find-program.ts';

/** How long pip may take, in milliseconds. */
const INSTALL_TIMEOUT_MS = 180_000;

const ADVICE =
  'as root on Debian or Ubuntu run "apt-get install python3-venv"; on macOS "brew install python" (3.11 or later)';

/** Whether a Python interpreter can make virtual environments with pip: Debian has the modules for that in packages of their own. */
export function makesEnvironments(python: string): boolean {
  const check = 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))';
  return spawnSync(python, ['-c', check]).status === 0;
}

export class PythonEnvironment {
  /** Its programs. */
  readonly bin: string;
  readonly #what: string;
  readonly #home: string;
  readonly #requirements: string;

  /**
   * @param what is installed, for people
   * @param requirements a file of pinned versions, with the hashes of all files
   */
  constructor(name: string, what: string, requirements: string) {
    const fingerprint = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
    this.#what = what;
    this.#home = resolve(import.meta.dirname, `../../.cache/${name}/${fingerprint}`);
    this.#requirements = requirements;
    this.bin = join(this.#home, 'bin');
  }

  /**
   * Installs it unless it is there.
   *
   * @throws {Error} that says what to install
   */
  ensure(): void {
    if (existsSync(this.#home)) return;
    const python = findProgram('python3');
    if (python === undefined || !makesEnvironments(python))
      throw new Error(`Python with venv and pip is needed to install ${this.#what}: ${ADVICE}`);
    console.log(`Installing ${this.#what}, once.`);
    // Under another name until it is whole: several may install at the same time. Its python works under any.
    const unfinished = `${this.#home}.${process.pid}`;
    mkdirSync(resolve(this.#home, '..'), { recursive: true });
    try {
      run(python, ['-m', 'venv', unfinished]);
      const options = [
        '--quiet',
        '--disable-pip-version-check',
        '--no-compile',
        '--require-hashes',
        '--only-binary=:all:',
      ];
      run(join(unfinished, 'bin/python'), ['-m', 'pip', 'install', ...options, '--requirement', this.#requirements]);
      if (!existsSync(this.#home)) renameSync(unfinished, this.#home);
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }

  /** Its interpreter. @throws {Error} that says how to get it */
  require(): string {
    const python = join(this.bin, 'python');
    if (!existsSync(python))
      throw new Error(`${this.#what} is not installed: \`npm test\` does that. It needs Python: ${ADVICE}`);
    return python;
  }
}

function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'], timeout: INSTALL_TIMEOUT_MS });
}
