// Installs what package-lock.json asks for and node_modules lacks. Runs on the machine's own Node, so: plain JavaScript of Node 20.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PROGRESS_INTERVAL_MS = 2_000;

/**
 * Runs `npm ci` when anything is missing or of another version; says so and shows how far it is.
 *
 * @param {string} root the workspace's folder
 * @throws {Error} when npm fails; its messages are on the terminal
 */
export async function ensurePackages(root) {
  const locked = readPackages(join(root, 'package-lock.json'));
  const missing = missingPackages(locked, readPackages(join(root, 'node_modules', '.package-lock.json')));
  if (missing.length === 0) return;
  const wanted = Object.keys(locked).filter((path) => isWantedHere(path, locked[path]));
  console.log(`Installing ${wanted.length} packages from package-lock.json (once; about 650 MB):`);
  const startedAt = Date.now();
  const report = () => {
    const present = wanted.filter((path) => existsSync(join(root, path, 'package.json'))).length;
    console.log(`  ${present} of ${wanted.length} in place after ${Math.round((Date.now() - startedAt) / 1000)} s`);
  };
  const timer = setInterval(report, PROGRESS_INTERVAL_MS);
  try {
    await npm(root, ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--progress=false']);
  } finally {
    clearInterval(timer);
  }
  report();
}

/**
 * What the lock file asks for on this platform and the installed tree does not have.
 *
 * @param {Record<string, object>} locked `packages` of package-lock.json
 * @param {Record<string, object>} installed `packages` of npm's own record in node_modules
 * @returns {string[]} their folders, relative to the root
 */
export function missingPackages(locked, installed) {
  return Object.keys(locked).filter((path) => {
    const wanted = locked[path];
    if (!isWantedHere(path, wanted)) return false;
    const present = installed[path];
    if (wanted.link) return present?.resolved !== wanted.resolved;
    return present?.version !== wanted.version;
  });
}

/**
 * Optional packages of other platforms are never installed, nor are those that only they need: the lock file marks them as
 * optional too, without saying for which platform.
 */
function isWantedHere(path, { optional, os, cpu, libc }) {
  if (!path.includes('node_modules/')) return false;
  if (optional && os === undefined && cpu === undefined) return false;
  return allows(os, process.platform) && allows(cpu, process.arch) && allows(libc, systemLibc());
}

/** @param {string | string[] | undefined} wanted names, or names that are excluded by a `!` before them */
function allows(wanted, value) {
  if (wanted === undefined || value === undefined) return true;
  const list = [wanted].flat();
  if (list.includes(`!${value}`)) return false;
  return list.includes(value) || list.every((item) => item.startsWith('!'));
}

function systemLibc() {
  if (process.platform !== 'linux') return undefined;
  return process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

function readPackages(file) {
  if (!existsSync(file)) return {};
  return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
}

/** Runs the npm that runs us, on the Node that it runs on: the one in node_modules is about to be replaced. */
function npm(root, args) {
  const { npm_execpath: script, npm_node_execpath: node } = process.env;
  const [command, rest] = script ? [node ?? process.execPath, [script, ...args]] : ['npm', args];
  return new Promise((done, failed) => {
    const child = spawn(command, rest, { cwd: root, stdio: 'inherit' });
    child.once('error', failed);
    child.once('exit', (code) =>
      code === 0 ? done() : failed(new Error(`"npm ${args[0]}" ended with code ${code}; see its messages above`)),
    );
  });
}
