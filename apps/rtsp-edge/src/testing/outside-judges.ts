// ffmpeg and ffprobe, and the clip that they send.
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';

export const CLIP = join(resolve(import.meta.dirname, '../../../../media'), 'bbb-h264-aac.flv');

export async function run(program: string, ...args: string[]): Promise<string> {
  const child = spawn(program, ['-hide_banner', '-loglevel', 'error', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let out = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${said}`);
  return out;
}

export interface Played {
  /** Milliseconds; NaN where ffprobe does not tell: of the first picture. */
  readonly ms: number;
  readonly hash: string;
}

/** What ffprobe is sent until the stream ends. */
export async function probe(url: string, ...options: string[]): Promise<Record<'video' | 'audio', Played[]>> {
  const shown = ['-show_entries', 'packet=codec_type,pts_time,data_hash', '-show_data_hash', 'MD5', '-of', 'json'];
  const { packets } = JSON.parse(await run('ffprobe', ...options, ...shown, '-i', url)) as {
    packets: { codec_type: 'video' | 'audio'; pts_time?: string; data_hash: string }[];
  };
  const of = (kind: string) =>
    packets
      .filter(({ codec_type }) => codec_type === kind)
      .map(({ pts_time, data_hash }) => ({ ms: Number(pts_time) * 1_000, hash: data_hash }));
  return { video: of('video'), audio: of('audio') };
}
