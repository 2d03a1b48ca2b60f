// ffmpeg as the source of FLV: it never sees the stream key, which other users could read from its command line.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { CliError } from '../command-line/cli-error.ts';
import { ExitCode } from '../command-line/exit-code.ts';
import { printable } from '../output/printable.ts';
import { readTags } from './flv-source.ts';
import type { MediaTag } from './flv-source.ts';

const PROBE_TIMEOUT_MS = 5_000;
/** Of what ffmpeg says about its fault. */
const KEPT_WORDS = 2_000;

export interface FfmpegFacts {
  readonly version: string;
  readonly h264: boolean;
  readonly aac: boolean;
}

/** @returns undefined when there is no ffmpeg */
export function findFfmpeg(path: string | undefined): FfmpegFacts | undefined {
  const ask = (argument: string): string | undefined => {
    const { status, stdout } = spawnSync('ffmpeg', ['-hide_banner', argument], {
      encoding: 'utf8',
      timeout: PROBE_TIMEOUT_MS,
      env: { PATH: path ?? '' },
    });
    return status === 0 ? stdout : undefined;
  };
  const version = ask('-version');
  if (version === undefined) return undefined;
  const encoders = ask('-encoders') ?? '';
  return {
    version: /^ffmpeg version (\S+)/.exec(version)?.[1] ?? 'unknown',
    h264: / libx264 /.test(encoders),
    aac: / aac /.test(encoders),
  };
}

const H264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'];
/** A keyframe every two seconds, whatever the frame rate. */
const KEYFRAMES = ['-force_key_frames', 'expr:gte(t,n_forced*2)'];
const AAC = ['-c:a', 'aac', '-b:a', '128k', '-ar', '48000', '-ac', '2'];
const OUTPUT = ['-f', 'flv', '-flvflags', 'no_duration_filesize', 'pipe:1'];

const TEST_PICTURE = ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=30'];
const TEST_SOUND = ['-re', '-f', 'lavfi', '-i', 'sine=frequency=220:beep_factor=4:sample_rate=48000'];
const TEST_RATE = ['-b:v', '2M', '-maxrate', '2M', '-bufsize', '4M'];

/** A moving test pattern with a running time code, and a beep every second. */
export const testPictureArguments = (): readonly string[] => [
  ...TEST_PICTURE,
  ...TEST_SOUND,
  ...H264,
  ...TEST_RATE,
  ...KEYFRAMES,
  ...AAC,
  ...OUTPUT,
];

/** @param copy whether audio and video are sent as they are in the file */
export const fileArguments = (file: string, loop: boolean, copy: boolean): readonly string[] => [
  ...(loop ? ['-stream_loop', '-1'] : []),
  '-re',
  '-i',
  // A name that begins with "-" or looks like a protocol is a file all the same.
  `file:${file}`,
  '-map',
  '0:v:0?',
  '-map',
  '0:a:0?',
  ...(copy ? ['-c', 'copy'] : [...H264, ...KEYFRAMES, ...AAC]),
  ...OUTPUT,
];

export class FfmpegSource {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #exit: Promise<number | null>;
  #words = '';

  constructor(args: readonly string[], path: string | undefined) {
    this.#child = spawn('ffmpeg', ['-hide_banner', '-nostdin', '-loglevel', 'error', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: path ?? '' },
    });
    this.#child.stderr.setEncoding('utf8');
    this.#child.stderr.on('data', (text: string) => (this.#words = (this.#words + text).slice(-KEPT_WORDS)));
    this.#exit = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', resolve);
    });
    this.#exit.catch(() => undefined);
  }

  /** @throws CliError with ffmpeg's words when it fails */
  async *tags(): AsyncGenerator<MediaTag, void> {
    yield* readTags(this.#child.stdout, 'the output of ffmpeg');
    const code = await this.#exit;
    if (code !== 0 && code !== null)
      throw new CliError(ExitCode.failure, `ffmpeg failed: ${printable(this.#words.trim().split('\n').at(-1) ?? '')}`);
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}
