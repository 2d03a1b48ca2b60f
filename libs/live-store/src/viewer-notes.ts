// Who watches, as every gateway tells it: a viewer that asks several gateways is one viewer.
import { assertId } from './store-names.ts';

/** What one process has seen of the viewers of a playback id. */
export interface ViewerNotes {
  readonly playbackId: string;
  /** Those who watch: names that every process gives the same viewer, `[A-Za-z0-9_-]`, at most 32 characters. */
  readonly seen: readonly string[];
  /** Those who have left. */
  readonly left: readonly string[];
}

const VIEWER_NAME = /^[A-Za-z0-9_-]{1,32}$/;

/** @throws TypeError when an id is none, or a name has other characters than the port allows */
export function assertViewerNotes({ playbackId, seen, left }: ViewerNotes): void {
  assertId('pbk', playbackId);
  for (const name of [...seen, ...left])
    if (!VIEWER_NAME.test(name)) throw new TypeError('live store: not the name of a viewer');
}
