// The live state of one stream: refreshed in place on a terminal, a line for each change elsewhere.
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '../api/connect.ts';
import { ApiError } from '../api/api-client.ts';
import type { ApiClient, ApiPage } from '../api/api-client.ts';
import { findStream } from '../api/find-stream.ts';
import type { EventObject, LiveStreamObject, SessionObject } from '../api/objects.ts';
import { CliError } from '../command-line/cli-error.ts';
import type { CliCall, CliCommand } from '../command-line/command.ts';
import { ExitCode } from '../command-line/exit-code.ts';
import { LiveBlock } from '../output/live-block.ts';
import { styled, writeJson, writeLine } from '../output/output.ts';
import type { TextStyle } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import { bitrate, clockTime, keyframeInterval } from '../output/quantities.ts';
import { ABSENT, formatFields } from '../output/table.ts';
import { STREAM_ARGUMENT } from './shared-options.ts';

const DEFAULT_INTERVAL_S = 2;
/** Playback ids whose viewers are counted. */
const MAX_PLAYBACK_IDS = 5;

interface LastError {
  readonly code: string;
  readonly message: string;
  readonly at: string;
}

export interface WatchedState {
  readonly live_stream: LiveStreamObject;
  readonly session: SessionObject | null;
  readonly viewers: number | null;
  readonly last_error: LastError | null;
}

const STATUS_STYLES: Readonly<Record<string, TextStyle>> = {
  active: 'green',
  connected: 'yellow',
  reconnecting: 'yellow',
  disabled: 'red',
};

/** Answers that a key without the scope does not get are left out, not failed for. */
async function orNothing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && [403, 404].includes(error.status)) return undefined;
    throw error;
  }
}

async function readState(api: ApiClient, id: string): Promise<WatchedState> {
  const [stream, sessions, refused] = await Promise.all([
    api.get<LiveStreamObject & { readonly last_error?: LastError | null }>(`/v1/live_streams/${id}`),
    api.get<ApiPage<SessionObject>>('/v1/sessions', { live_stream_id: id, limit: 1 }),
    orNothing(api.get<ApiPage<EventObject>>('/v1/events', { type: 'live_stream.rejected', object_id: id, limit: 1 })),
  ]);
  const session = sessions.data[0] ?? null;
  return {
    live_stream: stream,
    session,
    viewers: await countViewers(api, stream),
    last_error: stream.last_error ?? lastError(session, refused?.data[0]),
  };
}

/** The newest of what was refused and what was wrong with the stream. */
function lastError(session: SessionObject | null, refused: EventObject | undefined): LastError | null {
  const reason = refused?.data.object['reason'];
  const errors = (session?.warnings ?? []).map(({ code, message, first_at }) => ({ code, message, at: first_at }));
  if (refused !== undefined)
    errors.push({
      code: typeof reason === 'string' ? reason : 'refused',
      message: 'an encoder was refused; docs/errors.md says what to do',
      at: refused.created_at,
    });
  return errors.toSorted((a, b) => a.at.localeCompare(b.at)).at(-1) ?? null;
}

async function countViewers(api: ApiClient, { id, playback_ids }: LiveStreamObject): Promise<number | null> {
  const counted = await orNothing(api.get<{ readonly viewers: number }>(`/v1/live_streams/${id}/viewers`));
  if (counted !== undefined) return counted.viewers;
  const each = playback_ids.slice(0, MAX_PLAYBACK_IDS).map((playback) => infoViewers(api, playback.id));
  const known = (await Promise.all(each)).filter((viewers) => viewers !== undefined);
  return known.length === 0 ? null : known.reduce((sum, viewers) => sum + viewers, 0);
}

/** Public, like the playlist; a signed playback id tells nothing without a token. */
async function infoViewers(api: ApiClient, playbackId: string): Promise<number | undefined> {
  try {
    return (await api.get<{ readonly viewers: number }>(`/watch/${playbackId}/info`)).viewers;
  } catch (error) {
    if (error instanceof ApiError && error.status < 500) return undefined;
    throw error;
  }
}

/** One line of words: what a log keeps. */
export function formatState({ live_stream: { name, status }, session, viewers, last_error }: WatchedState): string {
  const ingest = session?.status === 'live' ? session.ingest : null;
  return printable(
    [
      name,
      status,
      ...(ingest === null
        ? []
        : [bitrate(ingest.video_bits_per_second + ingest.audio_bits_per_second), `${ingest.frame_rate} fps`]),
      ...(viewers === null ? [] : [`${viewers} ${viewers === 1 ? 'viewer' : 'viewers'}`]),
      ...(last_error === null ? [] : [`last error: ${last_error.code} (${last_error.at})`]),
    ].join('  '),
  );
}

function blockOf(call: CliCall, state: WatchedState): string[] {
  const { live_stream: stream, session, viewers, last_error } = state;
  const { environment } = call;
  const { stdout } = environment;
  const ingest = session?.status === 'live' ? session.ingest : null;
  const since = session === null || session.ended_at !== null ? undefined : Date.parse(session.started_at);
  const style = STATUS_STYLES[stream.status];
  const status = style === undefined ? stream.status : styled(stream.status, style, stdout, environment);
  const [first = '', ...rest] = formatFields([
    ['status', stream.status],
    ['on air', since === undefined ? undefined : clockTime(Math.max(0, (Date.now() - since) / 1_000))],
    ['video', ingest === null ? undefined : `${bitrate(ingest.video_bits_per_second)}, ${ingest.frame_rate} fps`],
    ['audio', bitrate(ingest?.audio_bits_per_second)],
    ['keyframes', keyframeInterval(ingest?.keyframe_interval_seconds)],
    ['viewers', viewers],
    ['last error', last_error === null ? undefined : `${last_error.code}: ${last_error.message} (${last_error.at})`],
  ]);
  return [
    styled(printable(stream.name), 'bold', stdout, environment),
    first.replace(stream.status, status),
    ...rest.map((line) => (line.endsWith(ABSENT) ? styled(line, 'dim', stdout, environment) : line)),
  ];
}

/** The browser of the desktop, if there is one. */
function openBrowser(call: CliCall, url: string): void {
  const command = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const child = spawn(command, [url], { stdio: 'ignore', detached: true });
  child.once('error', () => writeLine(call.environment.stderr, `millrace: ${command} is not there; open ${url}`));
  child.unref();
}

async function watch(call: CliCall): Promise<ExitCode | undefined> {
  const { stdout, stderr, stop } = call.environment;
  const intervalMs = (call.number('interval', { min: 1, max: 3_600 }) ?? DEFAULT_INTERVAL_S) * 1_000;
  const api = connect(call);
  const stream = await findStream(api, call.argument(0));
  const link = stream.playback_ids[0]?.watch_url;
  const inPlace = stdout.isTTY === true && !call.json && !call.flag('once');
  // Before what is refreshed, where it is never cut.
  if (link !== undefined && !call.json) writeLine(stdout, `watch  ${link}`);
  if (call.flag('open') && link !== undefined) openBrowser(call, link);
  const block = new LiveBlock(stdout);
  let last = '';
  while (!stop.aborted) {
    try {
      const state = await readState(api, stream.id);
      const line = formatState(state);
      if (inPlace) block.show(blockOf(call, state));
      else if (call.json) writeJson(call, state);
      else if (line !== last) writeLine(stdout, `${new Date().toISOString()}  ${line}`);
      last = line;
    } catch (error) {
      if (stop.aborted) break;
      const passes =
        error instanceof CliError && (error.exitCode === ExitCode.unreachable || error.exitCode === ExitCode.failure);
      if (!passes || call.flag('once')) throw error;
      if (inPlace) block.show([error.message, 'Trying again…']);
      else writeLine(stderr, `millrace: ${error.message}; trying again`);
    }
    if (call.flag('once')) return undefined;
    await delay(intervalMs, undefined, { signal: stop }).catch(() => undefined);
  }
  return ExitCode.interrupted;
}

export const watchCommand: CliCommand = {
  name: 'watch',
  summary: 'Show the live state of a stream, and where to watch it.',
  details:
    'State, bitrate, frame rate, viewers and the last error. On a terminal the lines are refreshed in place; elsewhere a line is written when something changes; with --json an object each time. Ctrl-C ends it.',
  arguments: [STREAM_ARGUMENT],
  options: {
    open: { text: 'Open the watch page in a browser.' },
    once: { text: 'Show it once.' },
    interval: { value: 'S', text: `Seconds between two looks; ${DEFAULT_INTERVAL_S} by default.` },
  },
  examples: ['millrace watch stage', 'millrace watch stage --once --json | jq .live_stream.status'],
  run: watch,
};
