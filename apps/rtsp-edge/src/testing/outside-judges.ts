// ffmpeg, ffprobe and GStreamer, and the clip that they send.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { splitAccessUnit, splitAnnexB, START_CODE } from '@millrace/protocol/nal';

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

/** A picture as a byte stream. */
export const annexBOf = (picture: Buffer): Buffer =>
  Buffer.concat(splitAccessUnit(picture, 4).flatMap((nalUnit) => [START_CODE, nalUnit]));

const VCL: ReadonlySet<number> = new Set([1, 5]);

/** The NAL units of pictures in a byte stream of H.264: who writes it may repeat parameter sets. */
export const slicesOf = (byteStream: Buffer): string[] =>
  splitAnnexB(byteStream)
    .filter((nalUnit) => VCL.has(nalUnit[0]! & 0x1f))
    .map((nalUnit) => createHash('md5').update(nalUnit).digest('hex'));

/** Pipelines of GStreamer. */
export const gst = {
  /** Runs one until what it is for is done: the end of a file does not always end one that publishes (rtspclientsink 1.22). */
  async until(pipeline: string, isDone: () => Promise<unknown>): Promise<void> {
    const { child, ended } = launch(pipeline);
    try {
      await isDone();
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  },
  /** What comes out of one, also of one that takes the end of a connection for a fault, as rtspsrc does now and then. */
  bytes: async (pipeline: string): Promise<Buffer> => launch(`${pipeline} ! fdsink fd=1`).ended,
};

function launch(pipeline: string): { readonly child: ChildProcess; readonly ended: Promise<Buffer> } {
  const child = spawn('gst-launch-1.0', ['-q', ...pipeline.split(' ')], { stdio: ['ignore', 'pipe', 'ignore'] });
  const pieces: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => pieces.push(bytes));
  return { child, ended: new Promise((resolve) => child.on('close', () => resolve(Buffer.concat(pieces)))) };
}
