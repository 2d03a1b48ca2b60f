// Asks whether there is something to play, before a player is made for it.
import type { WatchState } from './watch-state.ts';

export type ProbeAnswer = (
  { readonly playable: true } | { readonly playable: false; readonly state: WatchState; readonly retryAfterMs: number }
) & {
  /** What a token was exchanged for, in the form of a query: from now on it lets the viewer in. */
  readonly viewer?: string;
};

const RETRY_MS = 2_000;
/** A link that is wrong now is most likely wrong for ever; but a stream may have been made this minute. */
const NOT_FOUND_RETRY_MS = 15_000;
const LONGEST_RETRY_MS = 30_000;
/** The server holds a request for a stream that is not live yet; a little longer than it does at most. */
const PROBE_TIMEOUT_MS = 45_000;

/** What the page says to each reason for which the server does not let a viewer in. */
const REFUSED: Readonly<Record<string, WatchState>> = {
  playback_token_invalid: 'link-invalid',
  playback_token_expired: 'link-expired',
  origin_not_allowed: 'site-not-allowed',
  playback_not_allowed: 'place-not-allowed',
  viewer_session_revoked: 'revoked',
  playback_token_used: 'link-used',
  playback_quota_exceeded: 'quota-reached',
  signed_playback_required: 'link-invalid',
};

/**
 * Reads what a playlist request was answered with.
 * @param text the playlist, or the problem document
 * @param retryAfter the Retry-After header: seconds (RFC 9110 §10.2.3)
 */
export function readProbe(status: number, retryAfter: string | null, text: string): ProbeAnswer {
  if (status === 200 && text.includes('#EXT-X-ENDLIST'))
    return { playable: false, state: 'ended', retryAfterMs: RETRY_MS };
  if (status === 200) return { playable: true };
  if (status === 404) return { playable: false, state: 'not-found', retryAfterMs: NOT_FOUND_RETRY_MS };
  if (status === 401 || status === 403)
    return { playable: false, state: REFUSED[codeIn(text)] ?? 'disabled', retryAfterMs: NOT_FOUND_RETRY_MS };
  const seconds = Number.parseInt(retryAfter ?? '', 10);
  const retryAfterMs = Number.isFinite(seconds) ? Math.min(Math.max(seconds * 1000, 500), LONGEST_RETRY_MS) : RETRY_MS;
  return { playable: false, state: status === 503 ? 'waiting' : 'busy', retryAfterMs };
}

export async function probePlaylist(url: string): Promise<ProbeAnswer> {
  try {
    const answer = await ask(url);
    const text = await answer.text();
    const media = answer.status === 200 ? mediaUrlIn(text) : undefined;
    if (media === undefined) return readProbe(answer.status, answer.headers.get('retry-after'), text);
    // Whether a signed stream has ended is said by the playlist behind the first one.
    const behind = await ask(new URL(media, answer.url).href);
    return { ...readProbe(behind.status, behind.headers.get('retry-after'), await behind.text()), ...viewerIn(media) };
  } catch {
    return { playable: false, state: 'offline', retryAfterMs: RETRY_MS };
  }
}

const ask = (url: string): Promise<Response> =>
  fetch(url, {
    cache: 'no-store',
    headers: { accept: 'application/vnd.apple.mpegurl, application/problem+json' },
    signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
  });

/** The first media playlist of a multivariant one (RFC 8216 §4.3.4.2: the URI is the line behind the tag). */
export const mediaUrlIn = (playlist: string): string | undefined =>
  /^#EXT-X-STREAM-INF:.*\r?\n([^#\r\n]+)/m.exec(playlist)?.[1];

/** The media playlists of a signed stream are the viewer's own. */
export function viewerIn(mediaUrl: string): { readonly viewer?: string } {
  const viewer = new URLSearchParams(mediaUrl.split('?', 2)[1] ?? '').get('viewer');
  return viewer === null ? {} : { viewer: `?${new URLSearchParams({ viewer }).toString()}` };
}

function codeIn(problem: string): string {
  try {
    const { code } = (JSON.parse(problem) ?? {}) as { code?: unknown };
    return typeof code === 'string' ? code : '';
  } catch {
    // A proxy answered instead of the server.
    return '';
  }
}
