// What an idle process does: next to nothing. A query or a timer that is repeated each second costs a stream's worth of processor time
// on every machine on which nothing happens.
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';

const WINDOW_MS = 10_000;
/** A statement each second is more. At rest they come every 15 s, some together, and a few once a minute and once an hour. */
const MOST_STATEMENTS = 7;
/** Of the main thread: three a second or so at rest, on a slow machine too. A timer of 100 ms is more. */
const MOST_WAKEUPS = 60;

let millrace: Standalone | undefined;
afterEach(() => millrace?.stop());

/** How often the main thread has waited for something to happen. */
function wakeUps(pid: number): number {
  const status = readFileSync(`/proc/${pid}/task/${pid}/status`, 'utf8');
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]);
}

it('asks PostgreSQL nothing each second, and seldom wakes up', async () => {
  millrace = await startStandalone();
  const { dataFolder, process, quickstart } = millrace;
  const postgres = join(dataFolder, 'postgres');
  const statements = (): number =>
    readFileSync(join(postgres, 'postgres.log'), 'utf8').match(/LOG: {2}(?:statement|execute [^:]*):/g)?.length ?? 0;
  appendFileSync(join(postgres, 'data/postgresql.conf'), "\nlog_statement = 'all'\n");
  const postmaster = Number(readFileSync(join(postgres, 'data/postmaster.pid'), 'utf8').split('\n')[0]);
  globalThis.process.kill(postmaster, 'SIGHUP');
  const ask = () =>
    fetch(`${quickstart.api_url}/live_streams`, { headers: { authorization: `Bearer ${quickstart.api_key}` } });
  await eventually('a statement in the log', async () => (await ask()).ok && statements() > 0);

  const pid = process.pid ?? 0;
  const look = () => ({ atMs: performance.now(), statements: statements(), wakeUps: wakeUps(pid) });
  const seen: unknown[] = [];
  let from = look();
  // What is done once a minute, or as part of the start, may fall into a window: the next one is without it.
  const atRest = await eventually(
    'a time at rest',
    () => {
      const to = look();
      if (to.atMs - from.atMs < WINDOW_MS) return undefined;
      const asked = to.statements - from.statements;
      const woken = ((to.wakeUps - from.wakeUps) * WINDOW_MS) / (to.atMs - from.atMs);
      seen.push({ asked, woken });
      from = to;
      return asked <= MOST_STATEMENTS && woken <= MOST_WAKEUPS;
    },
    5 * WINDOW_MS,
  ).catch(() => false);
  expect(atRest, `statements and wake-ups of ${WINDOW_MS} ms: ${JSON.stringify(seen)}`).toBe(true);
});
