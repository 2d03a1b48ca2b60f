// Exported names over the whole repository: those that no other file uses, and those that stand for two things.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface NamedSource {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Every source under version control, and those that are about to be. */
export function readRepository(root: string): NamedSource[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.mts', '*.mjs', '*.js'];
  const paths = new Set(execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n'));
  return [...paths].flatMap((path) => {
    if (path === '' || path.includes('/fixtures/')) return [];
    try {
      return [{ path, text: readFileSync(join(root, path), 'utf8') }];
    } catch (error) {
      // Deleted, and not committed yet.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  });
}

const DECLARATION =
  /^export (?:declare )?(?:abstract )?(?:async )?(class|const|enum|function|interface|type)\*? ([A-Za-z_$][\w$]*)/gm;
const WORD = /[A-Za-z_$][\w$]*/g;

/**
 * Values that are exported although no other file names them. Types may be: an interface that a signature mentions is part of
 * it, whether or not a caller writes its name.
 *
 * @returns each as `path: name`
 */
export function unusedExports(files: readonly NamedSource[]): string[] {
  const users = new Map<string, number>();
  for (const { text } of files)
    for (const word of new Set(text.match(WORD))) users.set(word, (users.get(word) ?? 0) + 1);
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(DECLARATION)]
      .filter(([, kind, name]) => kind !== 'interface' && kind !== 'type' && users.get(name!) === 1)
      .map(([, , name]) => `${path}: ${name}`),
  );
}

/**
 * Classes and types that share their name with one of another file.
 *
 * @returns each as `name: path, path`
 */
export function namesakes(files: readonly NamedSource[]): string[] {
  const places = new Map<string, Set<string>>();
  for (const { path, text } of files)
    for (const [, kind, name] of text.matchAll(DECLARATION))
      if (kind !== 'const' && kind !== 'function') places.set(name!, (places.get(name!) ?? new Set()).add(path));
  return [...places].filter(([, paths]) => paths.size > 1).map(([name, paths]) => `${name}: ${[...paths].join(', ')}`);
}
