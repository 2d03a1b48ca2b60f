// Players of Low-Latency HLS that reload with `_HLS_msn` and `_HLS_part`, all for the same part: what each takes, and how far their answers are apart.
import { Agent, get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { cpuMsPerSecond, usageOf } from './process-usage.ts';

export const BLOCKED_PLAYERS = 1_000;
/** Some more connect each time, so that none of their connections is refused. */
const AT_ONCE = 50;
const WARM_MS = 6_000;
const MEASURE_MS = 10_000;
const START_TIMEOUT_MS = 30_000;

interface BlockedPlayers {
  readonly cpuMsPerPlayerSecond: number;
  readonly kibibytesPerPlayer: number;
  /** From the first answer to the last one, median of all parts. */
  readonly spreadMs: number;
}

/** The query that asks for the part behind the newest one that is listed. */
function nextOf(text: string): string {
  const first = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]);
  const [, ...segments] = text.split('#EXTINF:');
  const parts = (segments.at(-1) ?? '').split('#EXT-X-PART:').length - 1;
  return `?_HLS_msn=${first + segments.length}&_HLS_part=${parts}`;
}

/** @param url of a playlist with parts @param pids of its server */
export async function blockPlayers(url: string, pids: readonly number[]): Promise<BlockedPlayers> {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const load = (query: string, player: number): Promise<string> =>
    new Promise((resolve, reject) => {
      // Viewers are told apart by what their browsers call themselves.
      const headers = { 'user-agent': `bench ${player}` };
      get(`${url}${query}`, { agent, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (data: string) => (text += data));
        response.on('end', () => {
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`${url} answered ${response.statusCode}: ${text.slice(0, 200)}`));
        });
      }).on('error', reject);
    });
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

async function untilListed(url: string): Promise<void> {
  for (const end = Date.now() + START_TIMEOUT_MS; Date.now() < end; await delay(100)) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok && (await answer.text()).includes('#EXT-X-PART:')) return;
  }
  throw new Error(`${url} listed no part within ${START_TIMEOUT_MS} ms`);
}
