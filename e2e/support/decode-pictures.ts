// FFmpeg's decoder as the judge: what a viewer sees, picture by picture.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from './temporary-folder.ts';

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

export interface DecodedPictures {
  /** MD5 of each picture, in the order in which they are shown. */
  readonly hashes: string[];
  /** Each picture's time where the container has one, in its ticks. */
  readonly times: number[];
}

/** @param format the name of FFmpeg's demultiplexer */
export async function decodePictures(
  format: 'h264' | 'hevc' | 'mpegts' | 'mp4' | 'nut',
  bytes: Buffer,
): Promise<DecodedPictures> {
  const folder = temporaryFolder('decode');
  try {
    const file = join(folder.path, `input.${format}`);
    writeFileSync(file, bytes);
    const input = ['-v', 'quiet', '-threads', '1', '-copyts', '-f', format, '-i', file];
    // Pictures of another size stay as they are; none is dropped or repeated for its time.
    const output = ['-map', '0:v', '-autoscale', '0', '-vsync', 'passthrough', '-enc_time_base', '1:90000'];
    const { stdout } = await promisify(execFile)('ffmpeg', [...input, ...output, '-f', 'framemd5', '-'], {
      maxBuffer: MAX_OUTPUT_BYTES,
    });
    const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const fields = lines.map((line) => line.split(',').map((field) => field.trim()));
    return { hashes: fields.map((field) => field.at(-1)!), times: fields.map((field) => Number(field[2])) };
  } finally {
    folder.remove();
  }
}
