#!/usr/bin/env node
// The command `millrace`: in a clone (`npx millrace`) it builds what was never built; in an image everything is there.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const OLDEST_NODE = [22, 18];
const root = resolve(import.meta.dirname ?? '.', '../../..');
const main = resolve(root, 'apps/cli/dist/main.js');

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  process.stderr.write(`millrace: Node.js ${process.versions.node} is too old: run it as "npx millrace"\n`);
  process.exit(1);
}
if (!existsSync(main)) {
  process.stderr.write('millrace: building, once…\n');
  // Standard output is the command's own.
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
}
await import(pathToFileURL(main).href);
