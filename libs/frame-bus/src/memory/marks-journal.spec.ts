import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { newId } from '@millrace/domain';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryFrameBus } from '../frame-bus.memory.ts';
import { formatCommitMark } from '../marks/commit-mark-text.ts';
import { sampleMark } from '../testing/sample-frames.ts';
import { SmallDisk } from '../testing/small-disk.ts';

let folder: string;
let marksFile: string;
let problems: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-marks-'));
  marksFile = join(folder, 'below', 'marks.jsonl');
  problems = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = () => createMemoryFrameBus({ marksFile, observer: { problem: (error) => problems.push(error.message) } });
const mark = (streamId: string, mediaSequence: number) =>
  sampleMark(streamId, mediaSequence, { epoch: 1, sequence: mediaSequence });
const last = async (streamId: string): Promise<number | undefined> => {
  const bus = open();
  const { head } = (await bus.lastCommit(streamId)) ?? {};
  await bus.close();
  return head?.mediaSequence;
};

describe('the journal of marks', () => {
  it('is there again after a restart, and goes on from there', async () => {
    const [one, two] = [newId('str'), newId('str')];
    const bus = open();
    await Promise.all([bus.recordCommit(mark(one, 1)), bus.recordCommit(mark(two, 5)), bus.recordCommit(mark(one, 2))]);
    await bus.close();
    const next = open();
    expect(await next.lastCommit(one)).toEqual(mark(one, 2));
    await next.recordCommit(mark(two, 4));
    await next.recordCommit(mark(one, 3));
    await next.close();
    expect([await last(one), await last(two), problems]).toEqual([3, 5, []]);
  });

  it('loses only a torn last line, and writes on after it', async () => {
    const streamId = newId('str');
    const bus = open();
    await bus.recordCommit(mark(streamId, 1));
    await bus.close();
    await appendFile(marksFile, formatCommitMark(mark(streamId, 2)).slice(0, 100));
    const next = open();
    expect((await next.lastCommit(streamId))?.head.mediaSequence).toBe(1);
    expect(problems).toHaveLength(1);
    await next.recordCommit(mark(streamId, 3));
    await next.close();
    expect(await last(streamId)).toBe(3);
    expect(problems).toHaveLength(1);
  });

  it('passes over a line that is not a mark', async () => {
    const streamId = newId('str');
    const bus = open();
    await bus.close();
    const lines = [formatCommitMark(mark(streamId, 1)), 'not a mark', formatCommitMark(mark(streamId, 2)), ''];
    await writeFile(marksFile, lines.join('\n'));
    expect(await last(streamId)).toBe(2);
    expect(problems).toHaveLength(1);
  });

  it('is rewritten before outdated lines pile up', async () => {
    const streamId = newId('str');
    const bus = open();
    for (let sequence = 1; sequence <= 5_000; sequence += 50)
      await Promise.all(Array.from({ length: 50 }, (_, index) => bus.recordCommit(mark(streamId, sequence + index))));
    await bus.close();
    expect((await readFile(marksFile, 'utf8')).split('\n').length).toBeLessThan(1_200);
    expect(await last(streamId)).toBe(5_000);
  });

  it('has every mark whose record has resolved when the process is killed', async () => {
    const streamId = newId('str');
    const script = `
      import { createMemoryFrameBus } from ${JSON.stringify(new URL('../frame-bus.memory.ts', import.meta.url).href)};
      const bus = createMemoryFrameBus({ marksFile: ${JSON.stringify(marksFile)} });
      const mark = ${JSON.stringify(mark(streamId, 0))};
      for (let n = 1; ; n++) {
        await bus.recordCommit({ ...mark, head: { ...mark.head, mediaSequence: n } });
        process.stdout.write(n + '\\n');
      }`;
    const nodeArguments = ['-C', '@millrace/source', '--input-type=module', '-e', script];
    for (const until of [1, 40, 300]) {
      const child = spawn(process.execPath, nodeArguments, { stdio: ['ignore', 'pipe', 'inherit'] });
      let recorded = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        recorded = Number(line);
        if (recorded === until) child.kill('SIGKILL');
      }
      if (child.signalCode === null) await once(child, 'exit');
      expect(await last(streamId)).toBeGreaterThanOrEqual(recorded);
      await rm(marksFile);
    }
  });

  it('goes on in memory while the disk takes nothing, says so, and recovers by itself', async () => {
    const streamId = newId('str');
    const bus = open();
    await rm(folder, { recursive: true });
    for (const sequence of [1, 2, 3]) await bus.recordCommit(mark(streamId, sequence));
    expect(bus.marksFault()).toContain('ENOENT');
    expect((await bus.lastCommit(streamId))?.head.mediaSequence).toBe(3);
    expect(problems).toHaveLength(1);
    await mkdir(join(folder, 'below'), { recursive: true });
    await expect.poll(() => bus.marksFault()).toBeUndefined();
    await bus.recordCommit(mark(streamId, 4));
    await bus.close();
    expect(await last(streamId)).toBe(4);
  });

  it('that was killed while the disk took nothing leaves out the numbers that it may have used', async () => {
    const streamId = newId('str');
    const bus = open();
    await bus.recordCommit(mark(streamId, 7));
    await bus.close();
    await rm(`${marksFile}.current`);
    const written = new Date(Date.now() - 60_000);
    await utimes(marksFile, written, written);
    const again = open();
    const late = (await again.lastCommit(streamId))!;
    // At four segments a second.
    expect(late.head.mediaSequence).toBeGreaterThanOrEqual(7 + 240);
    expect(late.head.mediaSequence).toBeLessThan(7 + 300);
    expect(late).toMatchObject({ tail: late.head, head: { discontinuity: true } });
    await again.close();
    expect(await last(streamId)).toBe(late.head.mediaSequence);
  });
});

const disk = SmallDisk.mount(256 * 1024);
afterAll(() => disk?.unmount());

// Where no disk can be mounted, the removed folder above is the nearest thing.
describe.runIf(disk !== undefined)('the journal of marks on a full disk', () => {
  it('keeps marks in memory, and writes all of them when there is room again', async () => {
    const streams = Array.from({ length: 20 }, () => newId('str'));
    const file = join(disk!.folder, 'commit-marks');
    const bus = createMemoryFrameBus({ marksFile: file });
    for (const streamId of streams) await bus.recordCommit(mark(streamId, 1));
    disk!.fill();
    for (let sequence = 2; sequence <= 30; sequence++)
      await Promise.all(streams.map((streamId) => bus.recordCommit(mark(streamId, sequence))));
    expect(bus.marksFault()).toContain('ENOSPC');
    disk!.clear();
    await expect.poll(() => bus.marksFault()).toBeUndefined();
    await bus.close();
    const again = createMemoryFrameBus({ marksFile: file });
    for (const streamId of streams) expect((await again.lastCommit(streamId))?.head.mediaSequence).toBe(30);
    await again.close();
  });
});
