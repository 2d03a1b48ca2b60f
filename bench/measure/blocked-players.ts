// Players of Low-Latency HLS that reload with `_HLS_msn` and `_HLS_part`, all for the same part: what each takes, and how far their answers are apart.
import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { loadPlaylist, nextOf, untilListed } from './part-playlist.ts';
import { cpuMsPerSecond, usageOf } from './process-usage.ts';

export const BLOCKED_PLAYERS = 1_000;
/** Some more connect each time, so that none of their connections is refused. */
const AT_ONCE = 50;
const WARM_MS = 6_000;
const MEASURE_MS = 10_000;

interface BlockedPlayers {
  readonly cpuMsPerPlayerSecond: number;
  readonly kibibytesPerPlayer: number;
  /** From the first answer to the last one, median of all parts. */
  readonly spreadMs: number;
}

/** @param url of a playlist with parts @param pids of its server */
export async function blockPlayers(url: string, pids: readonly number[]): Promise<BlockedPlayers> {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  // Viewers are told apart by what their browsers call themselves.
  const load = (query: string, player: number): Promise<string> =>
    loadPlaylist(agent, `${url}${query}`, `bench ${player}`);
  await untilListed(url);
  const idle = usageOf(pids).residentBytes;
  let isOver = false;
  const answers = new Map<string, number[]>();
  // All of them have the same text.
  const next = new Map<string, string>();
  const play = async (player: number): Promise<void> => {
    for (let text = await load('', player); !isOver;) {
      const query = next.get(text) ?? nextOf(text);
      next.set(text, query);
      text = await load(query, player);
      const times = answers.get(query) ?? [];
      times.push(performance.now());
      answers.set(query, times);
    }
  };
  const players: Promise<void>[] = [];
  while (players.length < BLOCKED_PLAYERS) {
    for (let i = 0; i < AT_ONCE; i++) players.push(play(players.length));
    await Promise.race([delay(50), Promise.all(players)]);
  }
  await Promise.race([delay(WARM_MS), Promise.all(players)]);
  answers.clear();
  const before = usageOf(pids);
  await Promise.race([delay(MEASURE_MS), Promise.all(players)]);
  const after = usageOf(pids);
  isOver = true;
  await Promise.all(players);
  agent.destroy();
  const spreads = [...answers.values()]
    .filter(({ length }) => length === BLOCKED_PLAYERS)
    .map((times) => times.at(-1)! - times[0]!)
    .toSorted((a, b) => a - b);
  return {
    cpuMsPerPlayerSecond: cpuMsPerSecond(before, after) / BLOCKED_PLAYERS,
    kibibytesPerPlayer: (after.residentBytes - idle) / BLOCKED_PLAYERS / 1_024,
    spreadMs: spreads[Math.floor(spreads.length / 2)] ?? NaN,
  };
}
