// Builds what is stale. A stamp of all sources makes the usual case, nothing to do, cost milliseconds.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const BUILT = ['libs', 'apps'];
const ROOT_INPUTS = ['package-lock.json', 'tsconfig.base.json', 'nx.json'];

/**
 * Runs `nx run-many -t build` unless nothing has changed since it last succeeded.
 *
 * @param {string} root the workspace's folder
 * @param {string} node the Node.js to build with
 * @throws {Error} when the build fails; the compiler's words are on the terminal
 */
export async function ensureBuild(root, node) {
  const stampFile = join(root, '.cache', 'build-stamp');
  const stamp = sourceStamp(root);
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp && isBuilt(root)) return;
  console.log('Building what has changed:');
  const startedAt = Date.now();
  rmSync(stampFile, { force: true });
  await nx(root, node, ['run-many', '-t', 'build', '--outputStyle=stream']);
  mkdirSync(join(root, '.cache'), { recursive: true });
  writeFileSync(stampFile, stamp);
  console.log(`Built in ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`);
}

/** A digest of the path, size and time of every file that the build reads. */
export function sourceStamp(root) {
  const hash = createHash('sha256');
  const add = (file) => {
    const { mtimeMs, size } = statSync(join(root, file));
    hash.update(`${file}\0${size}\0${mtimeMs}\n`);
  };
  for (const file of ROOT_INPUTS) add(file);
  for (const folder of packageFolders(root)) {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      if (entry.isFile()) add(join(folder, entry.name));
      else if (!['dist', 'node_modules'].includes(entry.name)) addFolder(root, join(folder, entry.name), add);
    }
  }
  return hash.digest('hex');
}

function addFolder(root, folder, add) {
  const entries = readdirSync(join(root, folder), { withFileTypes: true, recursive: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  for (const file of files.sort()) add(file.slice(root.length + 1));
}

function packageFolders(root) {
  return BUILT.flatMap((group) => readdirSync(join(root, group)).map((name) => join(group, name))).filter((folder) =>
    existsSync(join(root, folder, 'tsconfig.json')),
  );
}

function isBuilt(root) {
  return packageFolders(root).every((folder) => existsSync(join(root, folder, 'dist', '.tsbuildinfo')));
}

function nx(root, node, args) {
  const env = {
    ...process.env,
    PATH: join(root, 'node_modules', '.bin') + delimiter + process.env.PATH,
    NX_DAEMON: 'false',
    NX_NO_CLOUD: 'true',
  };
  return new Promise((done, failed) => {
    const child = spawn(node, [join(root, 'node_modules/nx/dist/bin/nx.js'), ...args], {
      cwd: root,
      env,
      stdio: 'inherit',
    });
    child.once('error', failed);
    child.once('exit', (code) =>
      code === 0 ? done() : failed(new Error(`the build ended with code ${code}; see the compiler's messages above`)),
    );
  });
}
