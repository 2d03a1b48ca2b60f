// What the npm scripts share: install, build, then run a script on the pinned Node.js and end as it ends.
import { spawn } from 'node:child_process';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuild } from './build.mjs';
import { envFileArguments } from './node-arguments.mjs';
import { ensurePackages } from './packages.mjs';
import { pinnedNode } from './pinned-node.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Ctrl-C arrives twice, from the terminal and from npm: a repeat within this time is the same key stroke. */
const SAME_KEYSTROKE_MS = 400;
const PARENT_CHECK_MS = 1_000;

/**
 * Makes the workspace ready, runs `script` with `args` on the pinned Node.js, passes signals on, and exits with its code.
 *
 * @param {string} script path below the root
 * @param {readonly string[]} args
 * @param {{ build: boolean, nodeArguments?: readonly string[], readsEnvFile?: boolean }} options whether the script needs the
 *   packages built, what Node.js is told besides, and whether `.env` beside package.json adds to the environment
 */
export async function runScript(script, args, { build, nodeArguments = [], readsEnvFile = false }) {
  let node;
  try {
    await ensurePackages(root);
    node = pinnedNode(root);
    if (build) await ensureBuild(root, node);
  } catch (error) {
    console.error(`\n${error.message}`);
    process.exit(1);
  }
  // A process group of its own: the terminal's Ctrl-C reaches it once, through us. The channel tells it when we are gone.
  const child = spawn(
    node,
    [...(readsEnvFile ? envFileArguments(root) : []), ...nodeArguments, join(root, script), ...args],
    {
      cwd: root,
      detached: true,
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, PATH: join(root, 'node_modules', '.bin') + delimiter + process.env.PATH },
    },
  );
  const lastAt = new Map();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      const now = Date.now();
      if (now - (lastAt.get(signal) ?? 0) < SAME_KEYSTROKE_MS) return;
      lastAt.set(signal, now);
      child.kill(signal);
    });
  }
  // npm answers SIGTERM by ending the shell between us and it, and tells us nothing.
  if (process.env.npm_lifecycle_event !== undefined) {
    const parent = process.ppid;
    const watch = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(watch);
      // A second signal would end the child at once.
      if (lastAt.size === 0) child.kill('SIGTERM');
    }, PARENT_CHECK_MS).unref();
  }
  child.once('error', (error) => {
    console.error(`${node}: ${error.message}`);
    process.exit(1);
  });
  child.once('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
}
