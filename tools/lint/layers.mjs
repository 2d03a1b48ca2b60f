// Which layer may import which: the one table behind the lint rule, its spec and docs/architecture.md.

/** Workspace layers, by the `layer:` tag in each package.json, and the layers that their code may import. */
export const LAYERS = {
  protocol: [],
  domain: [],
  media: ['protocol', 'domain'],
  ports: ['domain'],
  kit: ['protocol', 'domain'],
  ingest: ['protocol', 'domain', 'media', 'ports', 'kit'],
  live: ['protocol', 'domain', 'media', 'ports', 'kit'],
  client: [],
  web: ['client'],
  app: ['protocol', 'domain', 'media', 'ports', 'kit', 'ingest', 'live', 'client', 'web'],
  standalone: ['protocol', 'domain', 'media', 'ports', 'kit', 'ingest', 'live', 'app'],
  tools: ['protocol', 'domain', 'ports', 'standalone'],
  k8s: ['protocol', 'domain', 'media', 'ports', 'kit', 'ingest', 'live', 'client', 'app', 'standalone', 'tools'],
  e2e: ['protocol', 'domain', 'media', 'ports', 'kit', 'ingest', 'live', 'client', 'app', 'standalone', 'tools', 'k8s'],
  bench: ['protocol', 'domain', 'media', 'ports', 'kit', 'ingest', 'live', 'client', 'app', 'standalone', 'tools'],
};

/**
 * Layers that may import only these entry points of another layer: settings share the rule for URLs, and edges how a client is named, but
 * no protocol of media.
 */
export const ENTRY_POINTS = {
  kit: { protocol: ['@millrace/protocol/bytes'] },
  ingest: { protocol: ['@millrace/protocol/bytes', '@millrace/protocol/proxy-protocol'] },
};

/** Layers that are never shipped: what the root's devDependencies bring is there for them. */
export const DEVELOPMENT_LAYERS = ['tools', 'k8s', 'e2e', 'bench'];

/** Layers that may import nothing but layers of this list and, of Node, only what computes. */
export const PURE_LAYERS = ['protocol', 'domain', 'media'];

/** What pure layers may import of Node: computation, no input or output, no clock, no process. */
export const PURE_NODE_MODULES = ['node:assert', 'node:buffer', 'node:crypto', 'node:util', 'node:zlib'];

/** Files that only tests load: they may also import what the root's devDependencies bring. */
export const isTestFile = (file) => /\.(spec|contract|fuzz|e2e)\.ts$|\.bench\.mjs$|\/(testing|support)\//.test(file);
