// What a client of the API and a viewer meet: the gateway, its clock, the key, a playlist.
import { newId } from '@millrace/domain';
import type { ApiClient, ApiPage } from '../api/api-client.ts';
import { ApiError, limitedText } from '../api/api-client.ts';
import type { LiveStreamObject } from '../api/objects.ts';
import { explainFailure } from '../api/unreachable.ts';
import { CliError } from '../command-line/cli-error.ts';
import { CHECK_TIMEOUT_MS, fail, inTime, ok, skip, warn } from './check.ts';
import type { CheckResult } from './check.ts';

/** Tokens are believed to be this much too early or too late. */
const TOLERATED_SKEW_MS = 10_000;
const EXACT_SKEW_MS = 1_000;
const MAX_PLAYLIST_BYTES = 1024 * 1024;

export interface GatewayFacts {
  readonly result: CheckResult;
  /** How far the clock here is ahead of the server's; undefined when it did not say. */
  readonly skewMs: number | undefined;
  readonly reached: boolean;
}

/** Whether a gateway answers, and what its clock says. */
export async function checkGateway(api: ApiClient): Promise<GatewayFacts> {
  const url = api.url('/v1/live_streams', { limit: 1 });
  const startedAt = Date.now();
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(CHECK_TIMEOUT_MS) });
    const endedAt = Date.now();
    const tookMs = endedAt - startedAt;
    const skewMs = leastSkew(startedAt, endedAt, Date.parse(response.headers.get('date') ?? ''));
    const text = await limitedText(response, MAX_PLAYLIST_BYTES);
    const isMillrace = response.status === 401 && text.includes('"unauthenticated"');
    return {
      result: isMillrace
        ? ok('API', `${api.access.url} answers in ${tookMs} ms, and refuses requests without a key`)
        : fail(
            'API',
            `${url.origin} answers ${response.status}, but not as Millrace does`,
            'Check the URL, and that the proxy passes /v1 on to a gateway.',
          ),
      skewMs,
      reached: isMillrace,
    };
  } catch (error) {
    const { what, advice } = explainFailure(error);
    return { result: fail('API', `${url.origin}: ${what}`, advice), skewMs: undefined, reached: false };
  }
}

/**
 * How far the clocks differ at least: the server wrote the time at some moment of the request, in whole seconds that are cut off.
 *
 * @returns 0 when they may agree, however long the request took
 */
export function leastSkew(startedAtMs: number, endedAtMs: number, dateMs: number): number | undefined {
  if (Number.isNaN(dateMs)) return undefined;
  const aheadMs = startedAtMs - (dateMs + 1_000);
  const behindMs = dateMs - endedAtMs;
  return aheadMs > 0 ? aheadMs : behindMs > 0 ? -behindMs : 0;
}

export function judgeClock(skewMs: number | undefined): CheckResult {
  if (skewMs === undefined) return skip('clock', 'the server did not say its time');
  const seconds = (Math.abs(skewMs) / 1_000).toFixed(1);
  const found = `this machine is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} the server`;
  const advice =
    'Synchronize both clocks (timedatectl set-ntp true): tokens that one of them makes expire by the other.';
  if (Math.abs(skewMs) > TOLERATED_SKEW_MS) return fail('clock', found, advice);
  if (Math.abs(skewMs) > EXACT_SKEW_MS) return warn('clock', found, advice);
  return ok('clock', 'this machine and the server agree');
}

/** Whether the key is accepted, and a stream to look at. */
export async function checkKey(
  api: ApiClient,
): Promise<{ readonly result: CheckResult; readonly streams: readonly LiveStreamObject[] }> {
  const { key, source } = api.access;
  if (key === undefined)
    return {
      result: warn(
        'key',
        'no key is known for this server',
        'Run "millrace login" or set MILLRACE_API_KEY to check more.',
      ),
      streams: [],
    };
  try {
    const active = await inTime(api.get<ApiPage<LiveStreamObject>>('/v1/live_streams', { status: 'active', limit: 1 }));
    const any =
      active.data.length > 0
        ? active
        : await inTime(api.get<ApiPage<LiveStreamObject>>('/v1/live_streams', { limit: 1 }));
    return { result: ok('key', `the key from ${source} is accepted`), streams: any.data };
  } catch (error) {
    if (error instanceof ApiError && error.status === 403)
      return {
        result: warn('key', error.message, error.advice ?? 'Use a key with the scope live_streams:read.'),
        streams: [],
      };
    if (error instanceof CliError)
      return {
        result: fail('key', `the key from ${source}: ${error.message}`, error.advice ?? 'Log in again.'),
        streams: [],
      };
    const { what, advice } = explainFailure(error);
    return { result: fail('key', what, advice), streams: [] };
  }
}

/** What a player gets: the playlist of a live stream, and a clear answer for a stream that does not exist. */
export async function checkPlayback(api: ApiClient, stream: LiveStreamObject | undefined): Promise<CheckResult> {
  const playback = stream?.status === 'active' ? stream.playback_ids[0] : undefined;
  const url = playback === undefined ? `${api.access.url}/hls/${newId('pbk')}/index.m3u8` : playback.playback_url;
  const routed = 'Pass /hls on to a gateway, like /v1.';
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(CHECK_TIMEOUT_MS) });
    const text = await limitedText(response, MAX_PLAYLIST_BYTES);
    if (playback === undefined)
      return response.status === 404 && text.includes('"not_found"')
        ? ok('HLS', 'a playlist that does not exist is answered as it should be; no stream is live to play')
        : fail('HLS', `${new URL(url).origin}/hls is answered ${response.status} by something else`, routed);
    if ([401, 403].includes(response.status) && text.includes('playback_token'))
      return ok('HLS', `${url} wants a playback token, as its policy says`);
    if (!response.ok) return fail('HLS', `${url} is answered ${response.status}`, 'See the log of the gateway.');
    if (!text.startsWith('#EXTM3U'))
      return fail('HLS', `${url} is answered with something that is no playlist`, routed);
    return ok('HLS', `${url} plays: ${text.split('\n').filter((line) => line.startsWith('#EXTINF')).length} segments`);
  } catch (error) {
    const { what, advice } = explainFailure(error);
    return fail('HLS', `${new URL(url).origin}: ${what}`, advice);
  }
}
