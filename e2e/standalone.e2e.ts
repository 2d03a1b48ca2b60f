// What a newcomer does: start it, publish with ffmpeg, watch; and start it again.
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { ManagedProcess, requireProgram } from '@millrace/tools/processes';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import type { FfmpegPublisher } from './support/publish-with-ffmpeg.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';

const root = resolve(import.meta.dirname, '..');
const clip = join(root, 'media/bbb-h264-aac.flv');

let millrace: Standalone | undefined;
let encoder: FfmpegPublisher | undefined;
afterEach(async () => {
  await encoder?.kill();
  await millrace?.stop();
});

interface Playlist {
  readonly text: string;
  readonly mediaSequence: number;
  readonly segments: number;
}

/** The playlist once it lists that many segments with numbers above `after`. */
function playlistWith(url: string, segments: number, after = -1): Promise<Playlist> {
  return eventually(`${segments} segments in ${url}`, async () => {
    const response = await fetch(url);
    const text = await response.text();
    const mediaSequence = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]);
    const count = text.match(/#EXTINF/g)?.length ?? 0;
    return count >= segments && mediaSequence + count - 1 > after && { text, mediaSequence, segments: count };
  });
}

const lastNumber = ({ mediaSequence, segments }: Playlist): number => mediaSequence + segments - 1;

function ffprobe(url: string): string {
  const { stdout, stderr, status } = spawnSync(
    requireProgram('ffprobe', 'ffmpeg'),
    ['-hide_banner', '-v', 'warning', '-show_entries', 'stream=codec_name,width,height', '-of', 'csv=p=0', url],
    { encoding: 'utf8', timeout: 60_000 },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

describe('npm start', () => {
  it('shows what ffmpeg publishes, and goes on counting after a restart', async () => {
    millrace = await startStandalone();
    const { rtmp_url, stream_key, playback_url } = millrace.quickstart;
    encoder = await publishWithFfmpeg(`${rtmp_url}/${stream_key}`, clip);
    const first = await playlistWith(playback_url, 3);
    expect(ffprobe(playback_url)).toMatch(/h264,960,540[^]*aac/);

    await millrace.restart();
    await encoder.ended();
    expect((await fetch(playback_url)).status).not.toBe(500);
    encoder = await publishWithFfmpeg(`${rtmp_url}/${stream_key}`, clip);
    const second = await playlistWith(playback_url, 2, lastNumber(first));
    expect(second.mediaSequence).toBeGreaterThan(first.mediaSequence);
  });

  it('goes on counting after it was killed, and leaves no database behind', async () => {
    millrace = await startStandalone({ args: ['--demo'] });
    const first = await playlistWith(millrace.quickstart.playback_url, 2);
    const postmaster = Number(
      readFileSync(join(millrace.dataFolder, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0],
    );
    await millrace.kill();
    await eventually('the database has ended', () => !isAlive(postmaster), 15_000);
    await millrace.restart();
    const second = await playlistWith(millrace.quickstart.playback_url, 1, lastNumber(first));
    expect(lastNumber(second)).toBeGreaterThan(lastNumber(first));
  });

  it('prints a block to copy from, and keeps it for its owner alone', async () => {
    millrace = await startStandalone();
    const { quickstart, dataFolder, logs } = millrace;
    const printed = logs.lines.join('\n');
    const { operator_key: operatorKey, ...shown } = quickstart;
    for (const value of Object.values(shown)) expect(printed).toContain(value);
    expect(printed).not.toContain(operatorKey);
    expect(statSync(join(dataFolder, 'quickstart.json')).mode & 0o777).toBe(0o600);
    expect(statSync(dataFolder).mode & 0o077 & ~0o011).toBe(0);
    const list = await fetch(`${quickstart.api_url}/live_streams`, {
      headers: { authorization: `Bearer ${quickstart.api_key}` },
    });
    expect(list.status).toBe(200);
  });

  it('names the port that is taken and the setting that moves it', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const started = startStandalone({ env: { MILLRACE_HTTP_PORT: port } });
    await expect(started).rejects.toThrow(new RegExp(`Port ${port} is taken.*MILLRACE_HTTP_PORT`));
    holder.close();
  });

  it('names every setting that is wrong', async () => {
    const env = { MILLRACE_HTTP_MAX_BODY_BYTES: 'many', MILLRACE_RTMP_IDLE_MS: '-1' };
    await expect(startStandalone({ env })).rejects.toThrow(/MILLRACE_HTTP_MAX_BODY_BYTES[^]*MILLRACE_RTMP_IDLE_MS/);
  });

  it('explains its options', async () => {
    const help = new ManagedProcess({
      name: 'help',
      command: process.execPath,
      args: [join(root, 'apps/standalone/dist/main.js'), '--help'],
      isReady: async () => true,
    });
    await help.start();
    await help.ended();
    expect(help.exitCode).toBe(0);
    expect(help.logs.tail()).toContain('--demo');
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}
