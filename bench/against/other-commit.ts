// The other side of a comparison: a commit in a folder of its own, installed and built.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BENCH_DIR } from '../measure/load.ts';

const ROOT = join(BENCH_DIR, '..');
const MAX_LISTED_BYTES = 256 * 1024 * 1024;

const git = (...args: string[]): string => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();

/** What a commit is called in tables: its short hash. @throws when there is no such commit */
export const shortHash = (commit: string): string => git('rev-parse', '--short=10', '--verify', `${commit}^{commit}`);

/** Whether files that are under version control were changed since the last commit. */
export const hasChanges = (): boolean => git('status', '--porcelain', '--untracked-files=no') !== '';

/**
 * Makes the commit ready to run. The folder outlives the process, so that a second comparison with the same commit starts at once.
 *
 * @returns the folder
 */
export function prepareCommit(hash: string): string {
  const folder = join(tmpdir(), `millrace-bench-${hash}`);
  if (!existsSync(folder)) {
    const partial = `${folder}.partial`;
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
    const archive = execFileSync('git', ['archive', hash], { cwd: ROOT, maxBuffer: MAX_LISTED_BYTES });
    execFileSync('tar', ['-x', '-C', partial], { input: archive });
    renameSync(partial, folder);
  }
  // Installs and builds what that commit needs, and measures nothing.
  const made = spawnSync(process.execPath, ['tools/bench.mjs', '--help'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (made.status !== 0) throw new Error(`${hash} cannot be installed and built in ${folder}`);
  return folder;
}
