// Runs the tests that need more than Node.js, or says what they need.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { findProgram } from '@millrace/tools/processes';
import { ensureNatsServer, NATS_SERVER_ADVICE } from '@millrace/tools/nats-server';
import { missingPrograms } from './control-plane/programs.ts';
import { missingEngine } from './images/docker.ts';

const vitest = join(import.meta.dirname, '../node_modules/vitest/vitest.mjs');
const [part = '', ...args] = process.argv.slice(2);

/** Of Debian's packages, for those that run the whole cluster. */
const SERVERS = ['ffmpeg', 'redis-server'];

async function missing(): Promise<readonly string[]> {
  if (part === 'install') return missingPrograms();
  const engine = await missingEngine();
  const servers = SERVERS.filter((name) => findProgram(name) === undefined);
  const nats = ensureNatsServer() ? [] : [NATS_SERVER_ADVICE];
  return [
    ...(engine === undefined ? [] : [engine]),
    ...nats,
    ...servers.map((name) => `${name} (apt-get install ${name})`),
  ];
}

const lacking = await missing();
if (lacking.length > 0) {
  console.error(`These tests need:\n${lacking.map((each) => `- ${each}`).join('\n')}`);
  process.exitCode = 1;
} else {
  const run = ['run', '--config', join(import.meta.dirname, 'vitest.config.ts'), `${part}/`, ...args];
  const child = spawn(process.execPath, [vitest, ...run], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  child.once('exit', (code) => (process.exitCode = code ?? 1));
}
