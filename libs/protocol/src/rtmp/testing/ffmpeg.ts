// FFmpeg as the outside judge, and what it is to be judged by: tags read without the code under test.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';

export const CLIP = new URL('../../../../../media/bbb-h264-aac.flv', import.meta.url).pathname;

export interface Tag {
  readonly type: number;
  readonly timestamp: number;
  readonly body: Buffer;
}

/** The tags of an FLV file, read without the code under test (FLV 10.1 section E.4.1). */
export async function tagsOf(path: string): Promise<readonly Tag[]> {
  const file = await readFile(path);
  const tags: Tag[] = [];
  for (let at = 9 + 4; at + 11 < file.length;) {
    const size = file.readUIntBE(at + 1, 3);
    const timestamp = file.readUIntBE(at + 4, 3) + file.readUInt8(at + 7) * 2 ** 24;
    tags.push({ type: file.readUInt8(at), timestamp, body: file.subarray(at + 11, at + 11 + size) });
    at += 11 + size + 4;
  }
  return tags;
}

/** Runs FFmpeg to its end. */
export async function ffmpeg(
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-nostdin', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout, stderr };
}
