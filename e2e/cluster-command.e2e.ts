// `npm run cluster` as an operator uses it: one command, one Ctrl-C, and again on the same data.
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { ManagedProcess, portBlock } from '@millrace/tools/processes';
import { afterEach, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import type { FfmpegPublisher } from './support/publish-with-ffmpeg.ts';
import { readQuickstart } from './support/quickstart.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const root = resolve(import.meta.dirname, '..');
const clip = join(root, 'media/bbb-h264-aac.flv');

let cluster: ManagedProcess | undefined;
let encoder: FfmpegPublisher | undefined;
afterEach(async () => {
  await encoder?.kill();
  await cluster?.stop();
});

async function lastNumber(url: string, atLeast: number, above = -1): Promise<number> {
  return eventually(`${atLeast} segments above ${above} in ${url}`, async () => {
    const text = await (await fetch(url)).text();
    const first = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]);
    const count = text.match(/#EXTINF/g)?.length ?? 0;
    const last = first + count - 1;
    return count >= atLeast && last > above ? { last } : undefined;
  }).then(({ last }) => last);
}

/** Everything that runs with this folder in its command line. */
function processesOf(folder: string): string[] {
  const { stdout } = spawnSync('ps', ['-axww', '-o', 'args='], { encoding: 'utf8' });
  expect(stdout).toContain('vitest');
  return stdout.split('\n').filter((line) => line.includes(folder));
}

it('publishes, stops without leaving anything behind, and goes on counting when it is started again', async () => {
  const folder = temporaryFolder('cluster-command');
  const data = join(folder.path, 'data');
  const base = await portBlock();
  let starts = 1;
  const command: ManagedProcess = new ManagedProcess({
    name: 'cluster',
    command: process.execPath,
    args: [join(root, 'tools/cluster/main.ts'), '--data-dir', data, '--port-base', String(base)],
    cwd: root,
    startTimeoutMs: 120_000,
    stopTimeoutMs: 60_000,
    // Printed last; on the second start the line of the first one is there already.
    isReady: async () => command.logs.lines.filter((line) => line.includes('The same as JSON')).length === starts,
  });
  cluster = command;
  await command.start();
  const quickstart = readQuickstart(join(data, 'quickstart.json'));
  const url = quickstart?.playback_url ?? '';
  const publishUrl = `${quickstart?.rtmp_url}/${quickstart?.stream_key}`;
  encoder = await publishWithFfmpeg(publishUrl, clip);
  const first = await lastNumber(url, 2);

  await command.stop();
  expect(command.exitCode).toBe(0);
  expect(processesOf(data)).toEqual([]);

  starts = 2;
  await command.start();
  encoder = await publishWithFfmpeg(publishUrl, clip);
  expect(await lastNumber(url, 1, first)).toBeGreaterThan(first);
  await encoder.stop();
  await command.stop();
  folder.remove();
});
