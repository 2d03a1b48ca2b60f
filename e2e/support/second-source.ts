// Footage of a second encoder: other pictures and sound than those of `SOURCE_FILE`, with a keyframe every second.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requireProgram } from '@millrace/tools/processes';

const SECONDS = 20;

/** @returns the file, an FLV in this folder */
export async function makeSecondSource(folder: string): Promise<string> {
  const file = join(folder, 'second-source.flv');
  const video = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25'];
  const audio = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'];
  const coded = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-pix_fmt', 'yuv420p', '-c:a', 'aac'];
  const args = ['-hide_banner', '-nostdin', '-loglevel', 'error', ...video, ...audio, '-t', String(SECONDS), ...coded];
  await promisify(execFile)(requireProgram('ffmpeg', 'ffmpeg'), [...args, file]);
  return file;
}
