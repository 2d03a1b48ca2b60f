// Sources of an edge's pull specs: how they are added, and how their state is read.
import { parseSourceState } from '@millrace/control';
import type { SourceState, TakenSource } from '@millrace/control';
import type { LiveStore } from '@millrace/live-store';
import { expect } from 'vitest';
import { SourcePuller } from '../pull/source-puller.ts';
import type { TestControlPlane, TestStream } from './test-control-plane.ts';

/** As long as a loaded machine may take. */
const WITHIN = { timeout: 20_000, interval: 20 };

/** Of any edge in memory. */
interface PullingEdge {
  readonly control: TestControlPlane;
  readonly liveStore: LiveStore;
  provider(type: typeof SourcePuller): SourcePuller;
}

type Credentials = Pick<TakenSource, 'username' | 'password'>;

/** Both are asked for at each call, as every test has its own. */
export function pulledSources(edge: () => PullingEdge, stream: () => TestStream) {
  async function stateOf(sourceId: string, by = edge()): Promise<SourceState | undefined> {
    const [held] = await by.liveStore.readSources([sourceId]);
    return held && parseSourceState(held.state);
  }
  /** Adds a source, which the edge hears of at once. @returns its identifier */
  function pull(url: string, of = stream(), credentials: Credentials = {}, by = edge()): string {
    const sourceId = by.control.newSource(of, { url, ...credentials });
    by.provider(SourcePuller).changed();
    return sourceId;
  }
  const untilState = (sourceId: string, expected: object) =>
    expect.poll(() => stateOf(sourceId), WITHIN).toMatchObject(expected);
  const untilError = (sourceId: string, words: string) =>
    untilState(sourceId, { error: { message: expect.stringContaining(words) as string } });
  return { stateOf, pull, untilState, untilError };
}
