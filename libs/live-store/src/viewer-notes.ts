// Who watches, as every gateway tells it: a viewer that asks several gateways is one viewer.
import { isId } from '@millrace/domain';
import { assertId } from './store-names.ts';

/** What one process has seen of the viewers of a playback id. */
export interface ViewerNotes {
  readonly playbackId: string;
  /** Those who watch: names that every process gives the same viewer, `[A-Za-z0-9_-]`, at most 32 characters. */
  readonly seen: readonly string[];
  /** Those who have left. */
  readonly left: readonly string[];
  /** The groups of viewers with a limit that they count in as well. */
  readonly groups?: readonly string[];
}

/** The viewers of a stream, or of a tenant, and how many there may be. */
export interface ViewerGroup {
  /** Of the stream, or of the tenant. */
  readonly id: string;
  readonly max: number;
}

const VIEWER_NAME = /^[A-Za-z0-9_-]{1,32}$/;

/** @throws TypeError when an id is none, or a name has other characters than the port allows */
export function assertViewerNotes({ playbackId, seen, left, groups = [] }: ViewerNotes): void {
  assertId('pbk', playbackId);
  groups.forEach(assertGroup);
  for (const name of [...seen, ...left]) assertName(name);
}

/** @throws TypeError likewise */
export function assertViewer(name: string, groups: readonly ViewerGroup[]): void {
  assertName(name);
  for (const { id } of groups) assertGroup(id);
}

function assertName(name: string): void {
  if (!VIEWER_NAME.test(name)) throw new TypeError('live store: not the name of a viewer');
}

function assertGroup(id: string): void {
  if (!isId('str', id) && !isId('ten', id)) throw new TypeError('live store: not a group of viewers');
}
