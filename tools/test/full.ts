// The full run: `npm test`, then mutants, then the long forms of tests that `npm test` holds a short form of.
import { join, resolve } from 'node:path';
import { runStep, stopSteps } from './run-step.ts';
import { addTallies, formatTally, NOTHING, parseTally, tallyOfCheck } from './tally.ts';
import type { Tally } from './tally.ts';

interface Stage {
  readonly script: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const stages: Readonly<Record<string, Stage>> = {
  test: { script: 'tools/test/main.ts' },
  mutate: { script: 'tools/mutate/main.ts' },
  'pod-size': {
    script: 'tools/test/main.ts',
    args: ['e2e', 'pod-size'],
    env: { MILLRACE_E2E_POD_SIZE_TIMES: '3' },
  },
  usage: {
    script: 'tools/test/main.ts',
    args: ['e2e', 'usage'],
    env: { MILLRACE_E2E_USAGE_KILLS: '4', MILLRACE_E2E_FAIRNESS_SEGMENTS: '15' },
  },
  doors: {
    script: 'tools/test/main.ts',
    args: ['e2e', 'doors'],
    env: { MILLRACE_E2E_DOORS: 'all' },
  },
  'turn-soak': {
    script: 'tools/test/main.ts',
    args: ['unit', 'udp-socket.spec.ts'],
    env: { MILLRACE_TURN_SOAK_DATAGRAMS: '1000000' },
  },
  backup: {
    script: 'tools/test/main.ts',
    args: ['e2e', 'reconnect'],
    env: { MILLRACE_E2E_BACKUP: 'all' },
  },
  simulcast: {
    script: 'tools/test/main.ts',
    args: ['e2e', 'simulcast'],
    env: { MILLRACE_E2E_SIMULCAST_DOWN_S: '60' },
  },
  chaos: { script: 'tools/chaos/main.ts', args: ['--runs', '84', '--no-page'] },
  'control-plane': { script: 'k8s/run-tests.ts', args: ['kubernetes', 'control-plane'] },
  // Says what it needs, and counts as skipped, where this machine cannot run a kubelet.
  nodes: { script: 'k8s/run-tests.ts', args: ['kubernetes', 'nodes-if-possible'] },
  fuzz: { script: 'tools/fuzz/main.ts', args: ['--seconds', '600'] },
};

const USAGE = `usage: npm run test:full [-- STAGE…]

STAGE is one of ${Object.keys(stages).join(', ')}; all of them, in this order, when none is named.`;

const root = resolve(import.meta.dirname, '../..');

/** A stage that fails does not stop those behind it. What prints no closing line of its own counts as one check. */
async function run(name: string, { script, args = [], env }: Stage): Promise<Tally> {
  console.log(`\n==== ${name}`);
  let output = '';
  const code = await runStep(process.execPath, [join(root, script), ...args], {
    env,
    onOutput: (text) => (output += text),
  });
  const tally = parseTally(output) ?? tallyOfCheck(code);
  return code !== 0 && tally.failed === 0 ? addTallies(tally, tallyOfCheck(code)) : tally;
}

async function main(words: readonly string[]): Promise<number> {
  const unknown = words.filter((word) => !Object.hasOwn(stages, word));
  if (unknown.length > 0) {
    console.log(USAGE);
    return unknown.every((word) => word === '--help' || word === '-h') ? 0 : 1;
  }
  let tally = NOTHING;
  const lines: string[] = [];
  for (const [name, stage] of Object.entries(stages)) {
    if (words.length > 0 && !words.includes(name)) continue;
    const startedAt = performance.now();
    const result = await run(name, stage);
    lines.push(`  ${name}: ${formatTally(result)}, ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
    tally = addTallies(tally, result);
  }
  console.log(`\n${lines.join('\n')}\n\n${formatTally(tally)}`);
  return tally.failed === 0 ? 0 : 1;
}

// The channel to `npm run test:full` closes when that is killed.
process.on('disconnect', () => {
  stopSteps();
  process.exit(1);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    stopSteps();
    process.exit(130);
  });

process.exit(await main(process.argv.slice(2)));
