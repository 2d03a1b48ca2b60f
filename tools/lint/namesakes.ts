// Exported types of one name: a reader who searches for it finds two things.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

export interface NamedSource {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const FOLDERS = ['apps', 'libs', 'tools', 'e2e', 'bench', 'k8s', 'docs'];
/** What was installed, built or measured, and the sources of releases before this one. */
const NOT_OURS = new Set(['node_modules', 'dist', 'results', 'test-results', 'fixtures']);

/** Every file of the workspace whose name ends with one of the endings. */
export function readRepository(
  root: string,
  endings: readonly string[] = ['.ts', '.mts', '.mjs', '.js'],
): NamedSource[] {
  const walk = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) return NOT_OURS.has(entry.name) || entry.name.startsWith('.') ? [] : walk(path);
      return entry.isFile() ? [path] : [];
    });
  const atRoot = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isFile());
  return [...atRoot.map(({ name }) => name), ...FOLDERS.flatMap(walk)]
    .filter((path) => endings.some((ending) => path.endsWith(ending)))
    .flatMap((path) => {
      try {
        return [{ path, text: readFileSync(join(root, path), 'utf8') }];
      } catch (error) {
        // Written by another test, and gone again.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw error;
      }
    });
}

const DECLARATION =
  /^export (?:declare )?(?:abstract )?(?:async )?(class|const|enum|function|interface|type)\*? ([A-Za-z_$][\w$]*)/gm;

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
