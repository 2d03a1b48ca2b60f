// What a player of Low-Latency HLS does with the playlist of a rendition: waits until it has parts, and asks for the part behind the newest one.
import { get } from 'node:http';
import type { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const START_TIMEOUT_MS = 30_000;

/** The query that asks for the part behind the newest one that is listed. */
export function nextOf(text: string): string {
  const first = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]);
  const [, ...segments] = text.split('#EXTINF:');
  const parts = (segments.at(-1) ?? '').split('#EXT-X-PART:').length - 1;
  return `?_HLS_msn=${first + segments.length}&_HLS_part=${parts}`;
}

/** Loads a playlist. @param userAgent viewers are told apart by it @throws when the answer is not 200 */
export function loadPlaylist(agent: Agent, url: string, userAgent: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { 'user-agent': userAgent } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (data: string) => (text += data));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${url} answered ${response.statusCode}: ${text.slice(0, 200)}`));
      });
    }).on('error', reject);
  });
}

/** @throws when no part is listed in time */
export async function untilListed(url: string): Promise<void> {
  for (const end = Date.now() + START_TIMEOUT_MS; Date.now() < end; await delay(20)) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok && (await answer.text()).includes('#EXT-X-PART:')) return;
  }
  throw new Error(`${url} listed no part within ${START_TIMEOUT_MS} ms`);
}
