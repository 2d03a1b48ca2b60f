// The packages of this workspace as the lint rule needs them: folder, name, layer and declared dependencies.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/**
 * Reads every workspace package below `root`.
 *
 * @returns {Map<string, { name: string, folder: string, layer: string, dependencies: Set<string> }>} by name
 */
export function readWorkspacePackages(root) {
  const { workspaces } = readManifest(join(root, 'package.json'));
  const packages = new Map();
  for (const pattern of workspaces) {
    for (const file of globSync(join(pattern, 'package.json'), { cwd: root })) {
      const manifest = readManifest(join(root, file));
      const tags = manifest.nx?.tags ?? [];
      const layer = tags.find((tag) => tag.startsWith('layer:'))?.slice('layer:'.length);
      if (layer === undefined) throw new Error(`${file}: no "layer:" tag among its nx tags`);
      packages.set(manifest.name, {
        name: manifest.name,
        folder: join(root, dirname(file)),
        layer,
        dependencies: declaredDependencies(manifest),
      });
    }
  }
  return packages;
}

/** The package that a file belongs to, or undefined outside of all. */
export function packageOfFile(packages, file) {
  for (const candidate of packages.values()) if (isInside(candidate.folder, file)) return candidate;
  return undefined;
}

export function isInside(folder, file) {
  const path = relative(folder, file);
  return path !== '' && path !== '..' && !path.startsWith(`..${sep}`);
}

/** What a package.json brings at run time, and while developing. */
export function declaredDependencies(manifest) {
  return new Set(
    ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'].flatMap((kind) =>
      Object.keys(manifest[kind] ?? {}),
    ),
  );
}

export function readManifest(file) {
  if (!existsSync(file)) throw new Error(`no such file: ${file}`);
  return JSON.parse(readFileSync(file, 'utf8'));
}
