// How long a newcomer waits: from the start command to the first segment that a viewer can play.
import type { Server, WithServer } from '../servers/server.ts';
import { firstSegment } from './http-load.ts';
import { runLoad } from './load.ts';

/** @returns seconds, or undefined for a server that makes no HLS; the source's 2 s between keyframes are part of it */
export async function measureStartup(
  server: Server,
  source: string,
  withServer: WithServer,
): Promise<number | undefined> {
  const startedAt = performance.now();
  return withServer(server, 1, true, async (running) => {
    if (running.firstPlaylist === undefined) return undefined;
    const args = [
      '--flv',
      source,
      '--pubs',
      '1',
      ...running.publishArgs,
      '--settle-ms',
      '500',
      '--warm-ms',
      '500',
      '--dur-ms',
      '8000',
    ];
    const publishing = runLoad(args, running.pids);
    await firstSegment(running.firstPlaylist);
    const seconds = (performance.now() - startedAt) / 1000;
    await publishing;
    return seconds;
  });
}
