// Exports that nothing uses: no other file imports them, directly or through an entry point, and their own file does not mention them.
// Reads import and export lines as text, which the formatter keeps in one shape; so it needs no type information, and takes a second.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const SOURCES = '{libs,apps,e2e,bench,tools,k8s}/**/*.{ts,tsx,mjs}';
/** Sources of earlier releases, declarations beside JavaScript, and what the fuzzer finds by the name of the file. */
const NOT_CHECKED = /\/(?:dist|node_modules|fixtures)\/|\.d\.(?:mts|ts)$|\.fuzz\.ts$/;
/** Imported by the configuration of a tool, outside these folders. */
const ROOT_FILES = ['eslint.config.mjs', 'vitest.config.ts'];

const ALL = '*';

interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

interface ReExport {
  readonly from: string;
  readonly name: string;
  readonly to: string;
  readonly as: string;
}

/** @returns `file: name` of each export that nothing uses, in order */
export function unusedExports(root: string): string[] {
  const entries = entryPoints(root);
  const names = [...globSync(SOURCES, { cwd: root }), ...ROOT_FILES].filter((file) => !NOT_CHECKED.test(file));
  const texts = new Map(names.map((file) => [file, withoutComments(readFileSync(join(root, file), 'utf8'))]));
  const used = new Set<string>();
  const reExports: ReExport[] = [];
  for (const [file, text] of texts) {
    const target = (specifier: string): string | undefined =>
      specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : entries.get(specifier);
    for (const [, keyword, list, specifier = ''] of text.matchAll(FROM)) {
      const from = target(specifier);
      if (from === undefined) continue;
      if (list === undefined) used.add(keyOf(from, ALL));
      else
        for (const { name, as } of itemsOf(list))
          if (keyword === 'export') reExports.push({ from, name, to: file, as });
          else used.add(keyOf(from, name));
    }
    for (const [, specifier = ''] of text.matchAll(LATE)) used.add(keyOf(target(specifier) ?? '', ALL));
  }
  passOn(reExports, used);
  return [...texts].flatMap(([file, text]) =>
    declaredIn(text)
      .filter((name) => !used.has(keyOf(file, name)) && !used.has(keyOf(file, ALL)) && !isMentioned(text, name))
      .map((name) => `${file}: ${name}`),
  );
}

const FROM = /^(import|export)\s+(?:type\s+)?(?:\{([^}]*)\}|[\w$*][^;{]*?)\s+from\s+'([^']+)'/gm;
const LATE = /\bimport\('([^']+)'\)/g;
const DECLARATION = /^export\s+(?:abstract\s+|async\s+)*(?:const|let|function\*?|class|interface|type)\s+([\w$]+)/gm;

const keyOf = (file: string, name: string): string => `${file} ${name}`;
const declaredIn = (text: string): string[] => [...text.matchAll(DECLARATION)].map(([, name = '']) => name);
const withoutComments = (text: string): string => text.replace(/\/\*[^]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');

function itemsOf(list: string): { readonly name: string; readonly as: string }[] {
  const items = list.split(',').map((item) => item.trim().replace(/^type /, ''));
  return items.filter(Boolean).map((item) => {
    const [name = '', as = name] = item.split(/\s+as\s+/);
    return { name, as };
  });
}

/** A use of the name that a file passes on is a use of the one behind it. */
function passOn(reExports: readonly ReExport[], used: Set<string>): void {
  for (let size = -1; size !== used.size;) {
    size = used.size;
    for (const { from, name, to, as } of reExports)
      if (used.has(keyOf(to, as)) || used.has(keyOf(to, ALL))) used.add(keyOf(from, name));
  }
}

/** Whether a file mentions a name besides declaring it. */
function isMentioned(text: string, name: string): boolean {
  return [...text.matchAll(new RegExp(`(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`, 'g'))].length > 1;
}

/** The source file of each specifier of a workspace package. */
function entryPoints(root: string): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  for (const file of globSync('{libs/*,apps/*,tools,k8s,e2e,bench}/package.json', { cwd: root })) {
    const { name, exports = {} } = JSON.parse(readFileSync(join(root, file), 'utf8')) as Manifest;
    for (const [path, target] of Object.entries(exports)) {
      const source = typeof target === 'string' ? target : (target['@millrace/source'] ?? target['default']);
      if (source !== undefined) entries.set(name + path.slice(1), normalize(join(dirname(file), source)));
    }
  }
  return entries;
}
