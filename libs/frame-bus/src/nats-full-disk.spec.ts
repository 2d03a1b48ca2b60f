// The disk of NATS is full: marks go on in its memory, that is said at once, and it heals without hands.
import { newId } from '@millrace/domain';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FrameBus } from './frame-bus.ts';
import { createNatsFrameBus } from './frame-bus.nats.ts';
import type { NatsFrameBusOptions } from './frame-bus.nats.ts';
import { startNatsServer } from './testing/nats-server.ts';
import type { NatsServer } from './testing/nats-server.ts';
import { sampleMark } from './testing/sample-frames.ts';
import { SmallDisk } from './testing/small-disk.ts';

const disk = SmallDisk.mount(4 * 1024 * 1024);
afterAll(() => disk?.unmount());

let server: NatsServer;
let problems: string[];
const buses: FrameBus[] = [];

const open = async (options: Partial<NatsFrameBusOptions> = {}): Promise<FrameBus> => {
  const bus = await createNatsFrameBus({
    url: server.url,
    reconnectWaitMs: 50,
    markTimeoutMs: 500,
    marksRetryMs: 200,
    observer: { problem: (error) => problems.push(error.message) },
    ...options,
  });
  buses.push(bus);
  return bus;
};
const mark = (streamId: string, n: number) => sampleMark(streamId, n, { epoch: 1, sequence: n });
const last = async (bus: FrameBus, streamId: string) => (await bus.lastCommit(streamId))?.head.mediaSequence;

/** Records marks until the disk does not take them. @returns the number of the last one */
async function recordUntilFault(bus: FrameBus, streamId: string): Promise<number> {
  for (let n = 1; ; n++) {
    await bus.recordCommit(mark(streamId, n));
    if (bus.marksFault() !== undefined) return n;
    if (n > 5_000) throw new Error('the disk takes everything');
  }
}

// Without root no disk can be mounted, and nothing else fills one of NATS alone.
describe.runIf(disk !== undefined)('a full disk of NATS', () => {
  beforeEach(async () => {
    problems = [];
    server = await startNatsServer({ folder: disk!.folder });
  });
  afterEach(async () => {
    await Promise.all(buses.splice(0).map((bus) => bus.close()));
    disk!.clear();
    await server[Symbol.asyncDispose]();
  });

  it('stops no mark: it is in memory within seconds, for every service, and on the disk when there is room', async () => {
    const bus = await open();
    const [streamId, idle] = [newId('str'), newId('str')];
    await bus.recordCommit(mark(idle, 77));
    await bus.recordCommit(mark(streamId, 1));
    expect(bus.marksFault()).toBeUndefined();
    disk!.fill();
    const startedAt = performance.now();
    const recorded = await recordUntilFault(bus, streamId);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(bus.marksFault()).toContain('marks to its disk');
    expect(problems.filter((problem) => problem.includes('marks to its disk'))).toHaveLength(1);
    // The ones after it do not wait.
    for (let n = recorded + 1; n <= recorded + 200; n++) await bus.recordCommit(mark(streamId, n));
    expect(await last(bus, streamId)).toBe(recorded + 200);
    const other = await open();
    expect(await last(other, streamId)).toBe(recorded + 200);
    expect(await last(other, idle)).toBe(77);
    disk!.clear();
    await expect.poll(() => bus.marksFault(), { timeout: 20_000 }).toBeUndefined();
    await bus.recordCommit(mark(streamId, recorded + 201));
    // What was only in memory is on the disk: nothing is lost with the memory.
    await server.kill();
    await server.start();
    const after = await open();
    expect(await last(after, streamId)).toBe(recorded + 201);
    expect(await last(after, idle)).toBe(77);
  });

  it('heals once when several services meet it, and the marks of all are there', async () => {
    const services = await Promise.all([open(), open(), open()]);
    const streams = services.map(() => newId('str'));
    for (const [i, bus] of services.entries()) await bus.recordCommit(mark(streams[i]!, 1));
    disk!.fill();
    const recorded = await Promise.all(services.map((bus, i) => recordUntilFault(bus, streams[i]!)));
    disk!.clear();
    await expect
      .poll(() => services.map((bus) => bus.marksFault()), { timeout: 20_000 })
      .toEqual([undefined, undefined, undefined]);
    await server.kill();
    await server.start();
    const after = await open();
    for (const [i, streamId] of streams.entries())
      expect(await last(after, streamId)).toBeGreaterThanOrEqual(recorded[i]!);
  });

  it('is met by a bus that is opened later, too', async () => {
    const bus = await open();
    disk!.fill();
    await recordUntilFault(bus, newId('str'));
    const later = await open();
    const streamId = newId('str');
    await later.recordCommit(mark(streamId, 5));
    expect(later.marksFault()).toBeDefined();
    expect(await last(bus, streamId)).toBe(5);
  });
});
