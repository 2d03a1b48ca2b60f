// Programs that are written in Go and pinned by a go.mod of ours: built once, where no package manager has them in that version.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findProgram } from '../processes/find-program.ts';

export interface GoTool {
  /** The program's name, such as `helm`. */
  readonly name: string;
  /** Where its go.mod and go.sum are. */
  readonly moduleFolder: string;
  /** Its main package, such as `helm.sh/helm/v3/cmd/helm`. */
  readonly mainPackage: string;
  /** What `-X` sets: variables of its packages that its own build sets too. */
  readonly linkerVariables?: Readonly<Record<string, string>>;
  /** How long the first build takes on two cores: for the line that says what is going on. */
  readonly buildTime: string;
}

export const GO_TOOLS_BIN = resolve(import.meta.dirname, '../../.cache/go-tools/bin');

/** Where Go's own installer puts it: not always on the PATH. */
const GO_FOLDERS = ['/usr/local/go/bin', '/usr/lib/go/bin'];

/** What a Go from before this one does not know: how to get the version that a go.mod asks for. */
export const GO_ADVICE = 'Go 1.21 or later (https://go.dev/dl, or as root on Debian: apt-get install golang-go)';

export const findGo = (path = process.env.PATH ?? ''): string | undefined => {
  return findProgram('go', [path, ...GO_FOLDERS].join(':'));
};

/**
 * Builds the program unless this very version of it was built before.
 *
 * @returns its path
 * @throws {Error} that says what to install, or what the build said
 */
export async function ensureGoTool(tool: GoTool, folder = GO_TOOLS_BIN): Promise<string> {
  const program = join(folder, tool.name);
  const stampFile = `${program}.stamp`;
  const stamp = stampOf(tool);
  if (existsSync(program) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return program;
  const go = findGo();
  if (go === undefined) throw new Error(`${tool.name} has to be built, and that needs ${GO_ADVICE}.`);
  mkdirSync(folder, { recursive: true });
  console.log(`Building ${tool.name} with Go: once, ${tool.buildTime}.`);
  const startedAt = performance.now();
  // Under another name until it is whole: several may build at the same time.
  const unfinished = `${program}.${process.pid}`;
  try {
    await build(go, tool, unfinished);
    renameSync(unfinished, program);
  } finally {
    rmSync(unfinished, { force: true });
  }
  writeFileSync(stampFile, stamp);
  console.log(`Built ${tool.name} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
  return program;
}

/** Changes whenever another program would come out. */
function stampOf({ moduleFolder, ...rest }: GoTool): string {
  const hash = createHash('sha256').update(JSON.stringify([rest.mainPackage, rest.linkerVariables ?? {}]));
  for (const name of ['go.mod', 'go.sum', ...sources(moduleFolder)])
    hash.update(readFileSync(join(moduleFolder, name)));
  return hash.digest('hex');
}

/** Of a program whose main package is ours. */
const sources = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.go'))
    .sort();

function build(go: string, { name, moduleFolder, mainPackage, linkerVariables = {} }: GoTool, output: string) {
  const variables = Object.entries(linkerVariables).map(([variable, value]) => `-X ${variable}=${value}`);
  const flags = ['-trimpath', '-mod=readonly', '-ldflags', ['-s -w', ...variables].join(' '), '-o', output];
  // For this machine, and from this go.mod alone.
  const env = { ...process.env, CGO_ENABLED: '0', GOWORK: 'off', GOOS: '', GOARCH: '' };
  return new Promise<void>((done, failed) => {
    const child = spawn(go, ['build', ...flags, mainPackage], { cwd: moduleFolder, env, stdio: 'inherit' });
    child.once('error', failed);
    child.once('exit', (code) =>
      code === 0 ? done() : failed(new Error(`building ${name} failed; what Go says stands above`)),
    );
  });
}
