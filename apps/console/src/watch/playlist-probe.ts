// Asks whether there is something to play, before a player is made for it.
import type { WatchState } from './watch-state.ts';

export type ProbeAnswer =
  { readonly playable: true } | { readonly playable: false; readonly state: WatchState; readonly retryAfterMs: number };

const RETRY_MS = 2_000;
/** A link that is wrong now is most likely wrong for ever; but a stream may have been made this minute. */
const NOT_FOUND_RETRY_MS = 15_000;
const LONGEST_RETRY_MS = 30_000;
/** The server holds a request for a stream that is not live yet; a little longer than it does at most. */
const PROBE_TIMEOUT_MS = 45_000;

/**
 * Reads what a playlist request was answered with.
 * @param retryAfter the Retry-After header: seconds (RFC 9110 §10.2.3)
 */
export function readProbe(status: number, retryAfter: string | null, playlist: string): ProbeAnswer {
  if (status === 200 && playlist.includes('#EXT-X-ENDLIST'))
    return { playable: false, state: 'ended', retryAfterMs: RETRY_MS };
  if (status === 200) return { playable: true };
  if (status === 404) return { playable: false, state: 'not-found', retryAfterMs: NOT_FOUND_RETRY_MS };
  if (status === 403) return { playable: false, state: 'disabled', retryAfterMs: NOT_FOUND_RETRY_MS };
  const seconds = Number.parseInt(retryAfter ?? '', 10);
  const retryAfterMs = Number.isFinite(seconds) ? Math.min(Math.max(seconds * 1000, 500), LONGEST_RETRY_MS) : RETRY_MS;
  return { playable: false, state: status === 503 ? 'waiting' : 'busy', retryAfterMs };
}

export async function probePlaylist(url: string): Promise<ProbeAnswer> {
  try {
    const answer = await fetch(url, { cache: 'no-store', signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    return readProbe(answer.status, answer.headers.get('retry-after'), await answer.text());
  } catch {
    return { playable: false, state: 'offline', retryAfterMs: RETRY_MS };
  }
}
