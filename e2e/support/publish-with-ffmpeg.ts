// ffmpeg as the encoder: publishes a file in real time, again and again, as OBS would its own pictures.
import { ManagedProcess, requireProgram } from '@millrace/tools/processes';
import type { LineLog } from '@millrace/tools/processes';

export interface FfmpegOptions {
  /** How often the file is repeated after its first time; -1 for ever. Default -1. */
  readonly loops?: number;
  /** Before the input. Default `-re`: real time. */
  readonly inputArgs?: readonly string[];
  /** How frames become the stream. Default: copied as they are. */
  readonly outputArgs?: readonly string[];
}

export interface FfmpegPublisher {
  readonly logs: LineLog;
  readonly running: boolean;
  readonly exitCode: number | undefined;
  /** Ends it as `q` would: the stream is unpublished. */
  stop(): Promise<void>;
  /** Ends it without a word: the socket is closed by the system. */
  kill(): Promise<void>;
  /** Has it stand still, with its connection open, and go on again. */
  freeze(): void;
  thaw(): void;
  /** Resolves when it has ended by itself. */
  ended(): Promise<void>;
}

/** @param url with the stream key. @param file anything that ffmpeg reads */
export async function publishWithFfmpeg(
  url: string,
  file: string,
  options: FfmpegOptions = {},
): Promise<FfmpegPublisher> {
  const { loops = -1, inputArgs = ['-re'], outputArgs = ['-c', 'copy'] } = options;
  const ffmpeg = new ManagedProcess({
    name: 'ffmpeg',
    command: requireProgram('ffmpeg', 'ffmpeg'),
    args: [
      '-hide_banner',
      '-nostdin',
      '-loglevel',
      'warning',
      '-stream_loop',
      String(loops),
      ...inputArgs,
      '-i',
      file,
      ...outputArgs,
      ...formatOf(url),
      url,
    ],
    isReady: async () => true,
  });
  await ffmpeg.start();
  return {
    logs: ffmpeg.logs,
    get running() {
      return ffmpeg.running;
    },
    get exitCode() {
      return ffmpeg.exitCode;
    },
    stop: () => ffmpeg.stop(),
    kill: () => ffmpeg.kill('SIGKILL'),
    freeze: () => ffmpeg.signal('SIGSTOP'),
    thaw: () => ffmpeg.signal('SIGCONT'),
    ended: () => ffmpeg.ended(),
  };
}

function formatOf(url: string): readonly string[] {
  if (url.startsWith('rtsp:')) return ['-f', 'rtsp', '-rtsp_transport', 'tcp'];
  return ['-f', url.startsWith('srt:') ? 'mpegts' : 'flv'];
}
