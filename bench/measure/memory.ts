// What a stream costs in memory once its window is full: the difference between many streams and one.
import type { Server, WithServer } from '../servers/server.ts';
import { runLoad } from './load.ts';

const STREAMS = 10;
/** Longer than Millrace keeps a segment: a window of 30 s, and as long again after it has left the list. */
const PUBLISH_MS = 90_000;

/** @returns MiB of a stream */
export async function measureMemory(server: Server, source: string, withServer: WithServer): Promise<number> {
  const residentWith = (streams: number): Promise<number> =>
    withServer(server, streams, true, async (running) => {
      const args = ['--flv', source, '--pubs', String(streams), ...running.publishArgs];
      const times = ['--settle-ms', String(PUBLISH_MS - 5_000), '--warm-ms', '1000', '--dur-ms', '4000'];
      return (await runLoad([...args, ...times], running.pids)).residentBytes;
    });
  const many = await residentWith(STREAMS);
  const one = await residentWith(1);
  return (many - one) / (STREAMS - 1) / 2 ** 20;
}
