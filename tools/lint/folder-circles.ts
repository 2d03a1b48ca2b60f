// Which folders of an app import each other in a circle. A folder that is part of one cannot be read, tested or moved by itself.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export interface SourceFile {
  /** Relative to the app's `src`, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const TEST_FILE = /\.(spec|contract|fuzz)\.ts$|(^|\/)testing\//;

/** The product files of an app: tests may import what they like. */
export function readSources(src: string): SourceFile[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && !TEST_FILE.test(path))
    .map((path) => ({ path, text: readFileSync(join(src, path), 'utf8') }));
}

/** Static and dynamic imports and re-exports, of types too: a type couples folders as much as a value does. */
const RELATIVE_IMPORT = /\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g;

/** A folder, or a file directly in `src`, which counts as a folder of its own. */
const folderOf = (path: string): string => (path.includes('/') ? dirname(path) : path);

/**
 * Finds the circles: groups of folders each of which reaches all the others by imports.
 *
 * @returns for each circle its folders in order, and the imports between them as `file -> file`
 */
export function foldersInCircles(files: readonly SourceFile[]): { folders: string[]; imports: string[] }[] {
  const imports = files.flatMap(({ path, text }) =>
    [...text.matchAll(RELATIVE_IMPORT)].map(([, to = '']) => ({
      from: path,
      to: relative('.', join(dirname(path), to)).replaceAll('\\', '/'),
    })),
  );
  const reached = new Map<string, Set<string>>();
  for (const { from, to } of imports) {
    const folder = folderOf(from);
    if (folder !== folderOf(to)) reached.set(folder, (reached.get(folder) ?? new Set()).add(folderOf(to)));
  }
  closeTransitively(reached);
  const circular = [...reached.keys()].filter((folder) => reached.get(folder)?.has(folder)).sort();
  const circles = Map.groupBy(circular, (folder) =>
    circular.find((other) => reached.get(other)?.has(folder) === true && reached.get(folder)?.has(other) === true),
  );
  return [...circles.values()].map((folders) => ({
    folders,
    imports: imports
      .filter(({ from, to }) => folderOf(from) !== folderOf(to))
      .filter(({ from, to }) => folders.includes(folderOf(from)) && folders.includes(folderOf(to)))
      .map(({ from, to }) => `${from} -> ${to}`),
  }));
}

/** Warshall's algorithm: afterwards each folder's set holds all that it reaches, over however many imports. */
function closeTransitively(reached: Map<string, Set<string>>): void {
  for (const [middle, beyond] of reached)
    for (const targets of reached.values()) if (targets.has(middle)) for (const target of beyond) targets.add(target);
}
