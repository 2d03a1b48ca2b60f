// What a newcomer does: start it, publish with ffmpeg, watch; and start it again.
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { ManagedProcess, requireProgram } from '@millrace/tools/processes';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { HlsRecorder } from './support/hls-recorder.ts';
import { RecordedSrt } from './support/recorded-srt.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import type { FfmpegPublisher } from './support/publish-with-ffmpeg.ts';
import { SOURCE_FILE } from './support/source.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';

const root = resolve(import.meta.dirname, '..');

let millrace: Standalone | undefined;
let encoder: FfmpegPublisher | undefined;
let recorder: HlsRecorder | undefined;
let recorded: RecordedSrt | undefined;
afterEach(async () => {
  recorded?.close();
  recorded = undefined;
  await recorder?.stop();
  await encoder?.kill();
  await millrace?.stop();
});

/** docs/srt.md: 1403, as SRT writes refusals. */
const REFUSED_AS_USED = 1_000 + 1_403;

const newestSegment = ({ segments }: HlsRecorder): number => Math.max(...segments.keys());

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
  it('prints where to publish and to watch, no secret into a log, shows what ffmpeg publishes, and goes on counting after a restart', async () => {
    millrace = await startStandalone({ env: { MILLRACE_PUBLIC_ULR: 'http://hunter2.example' } });
    const { quickstart, dataFolder, logs } = millrace;
    const printed = logs.lines.join('\n');
    expect(printed).toContain('unknown setting MILLRACE_PUBLIC_ULR, ignored; did you mean MILLRACE_PUBLIC_URL?');
    expect(printed).not.toContain('hunter2');
    for (const shown of ['rtmp_url', 'watch_url', 'playback_url', 'api_url'] as const)
      expect(printed).toContain(quickstart[shown]);
    for (const secret of ['stream_key', 'call_url', 'api_key', 'operator_key'] as const)
      expect(printed).not.toContain(quickstart[secret]);
    expect(printed).toContain('quickstart.json');
    expect(statSync(join(dataFolder, 'quickstart.json')).mode & 0o777).toBe(0o600);
    expect(statSync(dataFolder).mode & 0o077 & ~0o011).toBe(0);
    const list = await fetch(`${quickstart.api_url}/live_streams`, {
      headers: { authorization: `Bearer ${quickstart.api_key}` },
    });
    expect(list.status).toBe(200);
    const { data: streams } = (await list.json()) as { readonly data: readonly { readonly id: string }[] };

    const { rtmp_url, stream_key, playback_url } = quickstart;
    recorder = new HlsRecorder(playback_url).start();
    encoder = await publishWithFfmpeg(`${rtmp_url}/${stream_key}`, SOURCE_FILE);
    await recorder.until('three segments', ({ segments }) => segments.size >= 3);
    expect(ffprobe(playback_url)).toMatch(/h264,960,540[^]*aac/);

    await millrace.restart();
    expect(logs.lines.filter((line) => /^Stopp/.test(line))).toEqual(['Stopping…', 'Stopped.']);
    const newest = newestSegment(recorder);
    await encoder.ended();
    expect((await fetch(playback_url)).status).toBe(503);
    encoder = await publishWithFfmpeg(`${rtmp_url}/${stream_key}`, SOURCE_FILE);
    await recorder.until('new segments', (each) => newestSegment(each) >= newest + 2);

    // The same stream, by RTSP.
    await encoder.stop();
    const byRtmp = newestSegment(recorder);
    encoder = await publishWithFfmpeg(`rtsp://127.0.0.1:${millrace.ports.rtsp}/live/${stream_key}`, SOURCE_FILE);
    await recorder.until('segments of RTSP', (each) => newestSegment(each) >= byRtmp + 2);
    expect(ffprobe(playback_url)).toMatch(/h264,960,540[^]*aac/);

    // And by SRT, encrypted.
    await encoder.stop();
    const byRtsp = newestSegment(recorder);
    const srt_passphrase = 'correct-horse-battery';
    const made = await fetch(`${quickstart.api_url}/live_streams/${streams[0]!.id}/stream_keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${quickstart.api_key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ srt_passphrase }),
    });
    const { id: keyId } = (await made.json()) as { readonly id: string };
    const named = `streamid=publish:${keyId}&passphrase=${srt_passphrase}&pbkeylen=32`;
    recorded = await RecordedSrt.start(millrace.ports.srt);
    encoder = await publishWithFfmpeg(`srt://127.0.0.1:${recorded.port}?${named}`, SOURCE_FILE);
    await recorder.until('segments of SRT', (each) => newestSegment(each) >= byRtsp + 2);
    expect(ffprobe(playback_url)).toMatch(/h264,960,540[^]*aac/);

    // A recording of it opens nothing; the encoder itself comes back.
    await encoder.stop();
    const bySrt = newestSegment(recorder);
    expect(await recorded.replay()).toBe(REFUSED_AS_USED);
    encoder = await publishWithFfmpeg(`srt://127.0.0.1:${millrace.ports.srt}?${named}`, SOURCE_FILE);
    await recorder.until('more of SRT', (each) => newestSegment(each) >= bySrt + 1);
    await recorder.stop();
    expect(recorder.faults).toEqual([]);
  });

  it('goes on counting after it was killed, and leaves no database behind', async () => {
    millrace = await startStandalone({ args: ['--demo'] });
    recorder = new HlsRecorder(millrace.quickstart.demo_playback_url ?? '').start();
    await recorder.until('two segments', ({ segments }) => segments.size >= 2);
    const postmaster = Number(
      readFileSync(join(millrace.dataFolder, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0],
    );
    await millrace.kill();
    const newest = newestSegment(recorder);
    await eventually('the database has ended', () => !isAlive(postmaster), 15_000);
    await millrace.restart();
    await recorder.until('new segments', (each) => newestSegment(each) >= newest + 2);
    await recorder.stop();
    expect(recorder.faults).toEqual([]);
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

  it('names a UDP port that is taken, without a stack trace', async () => {
    const holder = createSocket('udp4').bind(0, '127.0.0.1');
    await once(holder, 'listening');
    const port = String(holder.address().port);
    const failed = await startStandalone({ env: { MILLRACE_TURN_PORT: port } }).catch(String);
    holder.close();
    expect(failed).toContain(`UDP port ${port} is taken`);
    expect(failed).toContain('MILLRACE_TURN_PORT');
    expect(failed).not.toMatch(/pepper|^ +at /m);
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
