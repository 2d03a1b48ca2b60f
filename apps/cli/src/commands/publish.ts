// Publishes a file or a test picture as an encoder does, with a key of its own that is revoked at the end.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { connect } from '../api/connect.ts';
import { readSecret } from '../access/read-secret.ts';
import { secretOf } from '../access/server-access.ts';
import { findStream } from '../api/find-stream.ts';
import type { LiveStreamObject, StreamKeySecret } from '../api/objects.ts';
import { CliError, usageError } from '../command-line/cli-error.ts';
import type { CliCall, CliCommand } from '../command-line/command.ts';
import { ExitCode } from '../command-line/exit-code.ts';
import { LiveBlock } from '../output/live-block.ts';
import { writeJson, writeLine } from '../output/output.ts';
import { bitrate, clockTime } from '../output/quantities.ts';
import type { MediaTag } from '../publishing/flv-source.ts';

/** The key lives no longer than this, should this process be killed before it can revoke it. */
const KEY_LIFE_MS = 24 * 60 * 60 * 1_000;
const PROGRESS_MS = 1_000;
const REVOKE_TIMEOUT_MS = 5_000;

/** The clip of the demo: what is left when there is no ffmpeg to make a picture. */
const CLIP = resolve(import.meta.dirname, '../../../../media/bbb-h264-aac.flv');

interface TagSource {
  readonly tags: AsyncIterable<MediaTag>;
  readonly stop: () => void;
}

async function openSource(call: CliCall): Promise<TagSource> {
  const { readFlvFile, inRealTime } = await import('../publishing/flv-source.ts');
  const { FfmpegSource, fileArguments, findFfmpeg, testPictureArguments } =
    await import('../publishing/ffmpeg-source.ts');
  const { variables, folder, stop } = call.environment;
  const path = variables['PATH'];
  const given = call.optionalArgument(1);
  const file = given === undefined ? undefined : resolve(folder, given);
  if (file !== undefined && !existsSync(file)) throw usageError(`there is no file ${file}`);
  const loop = call.flag('loop');
  const asItIs = (flv: string, again: boolean): TagSource => ({
    tags: inRealTime(readFlvFile(flv, again), stop),
    stop: () => undefined,
  });
  if (file?.toLowerCase().endsWith('.flv') === true) return asItIs(file, loop);
  const ffmpeg = findFfmpeg(path);
  if (ffmpeg?.h264 === true && ffmpeg.aac) {
    const args = file === undefined ? testPictureArguments() : fileArguments(file, loop, call.flag('copy'));
    const source = new FfmpegSource(args, path);
    return { tags: source.tags(), stop: () => source.stop() };
  }
  const lacking = ffmpeg === undefined ? 'ffmpeg is not installed' : 'ffmpeg has no encoder for H.264 and AAC';
  if (file === undefined && existsSync(CLIP)) {
    writeLine(call.environment.stderr, `millrace: ${lacking}: publishing the demo clip instead of a test picture`);
    return asItIs(CLIP, true);
  }
  throw new CliError(ExitCode.failure, lacking, {
    advice: 'Install ffmpeg with libx264 (apt-get install ffmpeg), or publish an FLV file with H.264 and AAC.',
  });
}

interface PublishTarget {
  readonly server: string;
  readonly streamKey: string;
  readonly stream: LiveStreamObject | undefined;
  readonly release: () => Promise<void>;
}

/** The stream key that was given, else one that is made for this run. */
async function findTarget(call: CliCall): Promise<PublishTarget> {
  const { environment } = call;
  const given = call.flag('key-stdin')
    ? await readSecret(environment, 'Stream key: ')
    : secretOf(environment.variables, 'MILLRACE_STREAM_KEY');
  const server = call.text('server');
  if (given !== undefined && server !== undefined)
    return { server, streamKey: given, stream: undefined, release: async () => undefined };
  const api = connect(call);
  const stream = await findStream(api, call.argument(0));
  const target = { server: server ?? stream.ingest.server, stream };
  if (given !== undefined) return { ...target, streamKey: given, release: async () => undefined };
  const path = `/v1/live_streams/${stream.id}/stream_keys`;
  const expires_at = new Date(Date.now() + KEY_LIFE_MS).toISOString();
  const { id, key } = await api.post<StreamKeySecret>(path, { name: 'millrace publish', expires_at });
  return {
    ...target,
    streamKey: key,
    release: async () => {
      // Also after Ctrl-C, which has aborted the requests of this command.
      const { ApiClient } = await import('../api/api-client.ts');
      await new ApiClient(api.access, AbortSignal.timeout(REVOKE_TIMEOUT_MS)).delete(`${path}/${id}`);
    },
  };
}

async function publish(call: CliCall): Promise<ExitCode | undefined> {
  const { stderr } = call.environment;
  const duration = call.number('duration', { min: 1, max: KEY_LIFE_MS / 1_000 });
  const { EncoderConnection, rtmpServer } = await import('../publishing/encoder-connection.ts');
  const source = await openSource(call);
  let target: PublishTarget | undefined;
  try {
    target = await findTarget(call);
    const connection = new EncoderConnection({ server: rtmpServer(target.server), streamKey: target.streamKey });
    try {
      await connection.accepted();
      announce(call, target);
      return await send(call, source, connection, duration);
    } finally {
      await connection.end();
    }
  } finally {
    source.stop();
    await target
      ?.release()
      .catch((error: unknown) =>
        writeLine(stderr, `millrace: could not revoke the key of this run; it expires within a day (${String(error)})`),
      );
  }
}

function announce(call: CliCall, { server, stream }: PublishTarget): void {
  const { stdout, stderr } = call.environment;
  writeLine(stderr, `Publishing to ${server}; Ctrl-C ends it.`);
  const link = stream?.playback_ids[0]?.watch_url;
  if (call.json) writeJson(call, stream ?? { server });
  else if (link !== undefined) writeLine(stdout, `watch  ${link}`);
}

async function send(
  call: CliCall,
  source: TagSource,
  connection: {
    readonly bytes: number;
    readonly closed: Promise<CliError | undefined>;
    send(tag: MediaTag): Promise<void>;
  },
  durationS: number | undefined,
): Promise<ExitCode | undefined> {
  const { stderr, stop } = call.environment;
  const startedAt = performance.now();
  const block = stderr.isTTY === true ? new LiveBlock(stderr) : undefined;
  let shownAt = startedAt;
  let shownBytes = 0;
  // A refusal ends the wait for the next frame too.
  let cut: CliError | undefined;
  void connection.closed.then((reason) => {
    cut = reason;
    source.stop();
  });
  try {
    for await (const tag of source.tags) {
      if (stop.aborted) return ExitCode.interrupted;
      await connection.send(tag);
      const now = performance.now();
      if (block !== undefined && now - shownAt >= PROGRESS_MS) {
        const rate = bitrate(((connection.bytes - shownBytes) * 8_000) / (now - shownAt));
        block.show([`${clockTime((now - startedAt) / 1_000)}  ${rate}`]);
        [shownAt, shownBytes] = [now, connection.bytes];
      }
      if (durationS !== undefined && now - startedAt >= durationS * 1_000) return undefined;
    }
  } catch (error) {
    if (stop.aborted) return ExitCode.interrupted;
    throw cut ?? error;
  }
  if (cut !== undefined) throw cut;
  return stop.aborted ? ExitCode.interrupted : undefined;
}

export const publishCommand: CliCommand = {
  name: 'publish',
  summary: 'Publish a file or a test picture to a live stream.',
  details:
    'Makes a stream key for this run and revokes it at the end; or uses the one in MILLRACE_STREAM_KEY, MILLRACE_STREAM_KEY_FILE or, with --key-stdin, from standard input. Without FILE it publishes a test picture. FLV files are sent as they are; other files, and the test picture, need ffmpeg. What the server says when it refuses is shown as it is.',
  arguments: [
    { name: 'STREAM', text: 'Name or id of a live stream.' },
    { name: 'FILE', text: 'What to publish; a test picture when it is left out.', optional: true, file: true },
  ],
  options: {
    loop: { text: 'Begin the file again at its end.' },
    copy: { text: 'Do not encode the file again; it must have H.264 and AAC.' },
    duration: { value: 'S', text: 'End after this many seconds.' },
    server: { value: 'URL', text: 'An RTMP server other than the stream’s, such as rtmps://live.example.com/live.' },
    'key-stdin': { text: 'Read the stream key from standard input.' },
  },
  examples: ['millrace publish stage', 'millrace publish stage concert.mp4 --loop'],
  run: publish,
};
