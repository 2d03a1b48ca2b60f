// Requests per second that a server answers, by wrk.
import { spawnSync } from 'node:child_process';
import { pinned } from './load.ts';

/** @returns requests per second over five seconds on 32 connections, or undefined where wrk is not installed */
export function requestsPerSecond(url: string): number | undefined {
  const command = pinned(process.env['BENCH_LOAD_CPU'] ?? '1', ['wrk', '-t1', '-c32', '-d5s', url]);
  const { stdout, status } = spawnSync(command[0]!, command.slice(1), { encoding: 'utf8' });
  if (status !== 0) return undefined;
  if (/Non-2xx/.test(stdout)) throw new Error(`${url} answered errors`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
}

/** The first media playlist with a segment. @returns the URL of one segment of it */
export async function firstSegment(url: string, timeoutMs = 30_000): Promise<string> {
  for (const end = Date.now() + timeoutMs; Date.now() < end;) {
    const answer = await fetch(url).catch(() => undefined);
    const lines = answer?.ok
      ? (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
      : [];
    if (lines.length >= 1) return new URL(lines[0]!, url).href;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${url} listed nothing within ${timeoutMs} ms`);
}
