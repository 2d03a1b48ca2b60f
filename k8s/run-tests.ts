// Runs the tests that need more than Node.js, or says what they need.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureHelm } from '@millrace/tools/go-tools';
import { findProgram } from '@millrace/tools/processes';
import { ensureNatsServer, NATS_SERVER_ADVICE } from '@millrace/tools/nats-server';
import {
  ensurePrograms,
  FAKE_CLUSTER_PROGRAMS,
  missingPrograms,
  REAL_CLUSTER_PROGRAMS,
} from './control-plane/programs.ts';
import { ensureEngine, missingContainerEngine } from './images/engine.ts';
import { ensureBaseImage } from './images/stand-in-images.ts';
import { saveClusterImages } from './real-nodes/cluster-images.ts';
import { missingForRealNodes } from './real-nodes/needs.ts';
import { imagesIn, removeNodeCgroups, SANDBOX, sandboxEnvironment } from './real-nodes/sandbox.ts';

const USAGE = `usage: npm run test:k8s [-- control-plane|nodes [VITEST-ARGUMENT…]]

control-plane  the chart in a real control plane, with nodes simulated by kwok
nodes          the trial of docs/operate/install.md on two real nodes, with the images built from this checkout

Both when none is named; nodes then only where this machine can run them.`;

const vitest = join(import.meta.dirname, '../node_modules/vitest/vitest.mjs');
const CONFIG = join(import.meta.dirname, 'vitest.config.ts');
const NODES_CONFIG = join(import.meta.dirname, '../e2e/real-nodes/vitest.config.ts');

/** Of Debian's packages, for those that run the whole cluster. */
const SERVERS = ['ffmpeg', 'redis-server'];

/** Called when this process is told to stop. */
const running = new Set<() => void>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => running.forEach((end) => end()));

/** @returns its exit code */
function run(command: readonly string[], env: Readonly<Record<string, string>>, signal: NodeJS.Signals) {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  const end = (): boolean => child.kill(signal);
  running.add(end);
  return new Promise<number>((done) =>
    child.once('exit', (code) => {
      running.delete(end);
      done(code ?? 1);
    }),
  );
}

const runVitest = (args: readonly string[]): Promise<number> =>
  run([process.execPath, vitest, 'run', '--config', CONFIG, ...args], {}, 'SIGTERM');

function sayNeeds(what: string, needs: readonly string[]): void {
  console.error(`${what}:\n${needs.map((each) => `- ${each}`).join('\n')}`);
}

async function images(args: readonly string[]): Promise<number> {
  const engine = await missingContainerEngine();
  const servers = SERVERS.filter((name) => findProgram(name) === undefined);
  const needs = [
    ...(engine === undefined ? [] : [engine]),
    ...(ensureNatsServer() ? [] : [NATS_SERVER_ADVICE]),
    ...servers.map((name) => `${name} (apt-get install ${name})`),
  ];
  if (needs.length > 0) {
    sayNeeds('These tests need', needs);
    return 1;
  }
  const stopEngine = await ensureEngine();
  try {
    await ensureBaseImage();
    return await runVitest(['--dir', join(import.meta.dirname, 'images'), ...args]);
  } finally {
    await stopEngine();
  }
}

async function controlPlane(args: readonly string[]): Promise<number> {
  const needs = missingPrograms(FAKE_CLUSTER_PROGRAMS);
  if (needs.length === 0) return runVitest(['--dir', join(import.meta.dirname, 'install'), ...args]);
  sayNeeds('The tests with a control plane need', needs);
  return 1;
}

/** @param needed whether it is a failure that this machine cannot run them */
async function nodes(args: readonly string[], needed: boolean): Promise<number> {
  const needs = await missingForRealNodes();
  if (needs.length > 0) {
    sayNeeds('The tests with real nodes were not run; they need', needs);
    console.log('\n0 passed, 0 failed, 1 skipped');
    return needed ? 1 : 0;
  }
  // The sandbox cannot reach the internet: everything is built outside it.
  await ensurePrograms(REAL_CLUSTER_PROGRAMS);
  await ensureHelm();
  // Short: paths of sockets are limited to 107 bytes (unix(7)).
  const folder = mkdtempSync(join(tmpdir(), 'mr-'));
  try {
    const stopEngine = await ensureEngine();
    try {
      await saveClusterImages(imagesIn(folder));
    } finally {
      await stopEngine();
    }
    const command = [...SANDBOX, process.execPath, vitest, 'run', '--config', NODES_CONFIG, ...args];
    // Nothing in the sandbox outlives it, so nothing needs time to stop.
    return await run(command, sandboxEnvironment(folder), 'SIGKILL');
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    // By now the last process of a killed sandbox has ended.
    removeNodeCgroups();
  }
}

async function main([part, ...args]: readonly string[]): Promise<number> {
  if (part === 'images') return images(args);
  const [stage, ...rest] = args;
  if (stage === undefined) return (await controlPlane([])) || (await nodes([], false));
  if (stage === 'control-plane') return controlPlane(rest);
  if (stage === 'nodes') return nodes(rest, true);
  if (stage === 'nodes-if-possible') return nodes(rest, false);
  console.error(USAGE);
  return 2;
}

process.exitCode = await main(process.argv.slice(2));
