// An ESLint rule that keeps imports inside the layers. Nx has one too, but it silently skips all checks where no project graph
// is cached, as in a fresh clone; this one reads the tags itself.
import { dirname, join, resolve } from 'node:path';
import { DEVELOPMENT_LAYERS, ENTRY_POINTS, isTestFile, LAYERS, PURE_LAYERS, PURE_NODE_MODULES } from './layers.mjs';
import {
  declaredDependencies,
  isInside,
  packageOfFile,
  readManifest,
  readWorkspacePackages,
} from './workspace-packages.mjs';

/**
 * Says what is wrong with an import, or undefined.
 *
 * @param {{ packages: Map<string, object>, rootDependencies: Set<string> }} workspace
 * @param {string} file the importing file, absolute
 * @param {string} specifier what it imports
 */
function forbiddenImport({ packages, rootDependencies }, file, specifier) {
  const importer = packageOfFile(packages, file);
  if (importer === undefined) return undefined;
  if (specifier.startsWith('.')) {
    if (isInside(importer.folder, resolve(dirname(file), specifier))) return undefined;
    return `'${specifier}' leaves ${importer.name}: import another package by its name`;
  }
  const pure = PURE_LAYERS.includes(importer.layer);
  if (specifier.startsWith('node:')) {
    if (!pure || isTestFile(file) || PURE_NODE_MODULES.includes(specifier)) return undefined;
    return `layer ${importer.layer} does no input or output: it may not import '${specifier}'`;
  }
  const name = packageName(specifier);
  const imported = packages.get(name);
  if (imported !== undefined) return forbiddenLayer(importer, imported, specifier);
  const development = isTestFile(file) || DEVELOPMENT_LAYERS.includes(importer.layer);
  if (development && rootDependencies.has(name)) return undefined;
  if (pure) return `layer ${importer.layer} depends on nothing: it may not import '${specifier}'`;
  if (importer.dependencies.has(name)) return undefined;
  return `'${name}' is not among the dependencies in ${importer.name}'s package.json`;
}

function forbiddenLayer(importer, imported, specifier) {
  if (importer === imported) return `${importer.name} imports itself by name: use a relative path`;
  if (!LAYERS[importer.layer].includes(imported.layer))
    return `layer ${importer.layer} may not import layer ${imported.layer} (${imported.name})`;
  const entryPoints = ENTRY_POINTS[importer.layer]?.[imported.layer];
  if (entryPoints !== undefined && !entryPoints.includes(specifier))
    return `layer ${importer.layer} may import only ${entryPoints.join(' and ')} of layer ${imported.layer}`;
  if (!importer.dependencies.has(imported.name))
    return `'${imported.name}' is not among the dependencies in ${importer.name}'s package.json`;
  return undefined;
}

function packageName(specifier) {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}

function readWorkspace(root) {
  const packages = readWorkspacePackages(root);
  for (const { name, layer } of packages.values())
    if (!(layer in LAYERS)) throw new Error(`${name}: unknown layer '${layer}'`);
  return { packages, rootDependencies: declaredDependencies(readManifest(join(root, 'package.json'))) };
}

const workspaces = new Map();

export const layerRule = {
  meta: {
    type: 'problem',
    docs: { description: 'Keep imports inside the layers that the package tags declare.' },
    schema: [],
    messages: { forbidden: '{{reason}}.' },
  },
  create(context) {
    const root = context.cwd;
    if (!workspaces.has(root)) workspaces.set(root, readWorkspace(root));
    const check = (node, source) => {
      if (source?.type !== 'Literal' || typeof source.value !== 'string') return;
      const reason = forbiddenImport(workspaces.get(root), context.filename, source.value);
      if (reason !== undefined) context.report({ node, messageId: 'forbidden', data: { reason } });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source),
      ExportNamedDeclaration: (node) => check(node, node.source),
      ImportExpression: (node) => check(node, node.source),
      TSImportType: (node) => check(node, node.source ?? node.argument?.literal),
    };
  },
};
