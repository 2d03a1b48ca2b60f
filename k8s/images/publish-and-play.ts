// ffmpeg as the encoder and as the viewer: one publishes the clip for ever, another decodes what the playlist offers.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ManagedProcess, requireProgram } from '@millrace/tools/processes';
import { ROOT } from './images.ts';

const CLIP = join(ROOT, 'media/bbb-h264-aac.flv');

/** A playlist without a publisher is held open, and then answered with an error: a viewer asks again. */
const PLAY_TIMEOUT_MS = 90_000;

/** @param url with the stream key */
export function encoder(url: string): ManagedProcess {
  const input = ['-hide_banner', '-nostdin', '-loglevel', 'warning', '-re', '-stream_loop', '-1', '-i', CLIP];
  return new ManagedProcess({
    name: 'ffmpeg',
    command: requireProgram('ffmpeg', 'ffmpeg'),
    args: [...input, '-c', 'copy', '-f', 'flv', url],
    isReady: async () => true,
  });
}

/** Plays until that many pictures are decoded. @returns how many were @throws {Error} when they do not come in time */
export async function playFrames(playlist: string, count: number): Promise<number> {
  const deadline = performance.now() + PLAY_TIMEOUT_MS;
  for (;;) {
    const { frames, said } = await decode(playlist, count, deadline - performance.now());
    if (frames >= count) return frames;
    if (performance.now() > deadline) throw new Error(`${frames} of ${count} pictures of ${playlist} came:\n${said}`);
  }
}

function decode(playlist: string, count: number, timeoutMs: number): Promise<{ frames: number; said: string }> {
  const args = [
    '-hide_banner',
    '-nostdin',
    '-loglevel',
    'error',
    '-i',
    playlist,
    '-map',
    '0:v',
    '-frames:v',
    String(count),
  ];
  return new Promise((done, failed) => {
    const child = spawn(requireProgram('ffmpeg', 'ffmpeg'), [...args, '-progress', 'pipe:1', '-f', 'null', '-']);
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    let progress = '';
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (progress += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.once('error', failed);
    child.once('close', () => {
      clearTimeout(timer);
      done({ frames: Math.max(0, ...[...progress.matchAll(/^frame=(\d+)/gm)].map(([, n]) => Number(n))), said });
    });
  });
}
