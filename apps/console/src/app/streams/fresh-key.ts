// The secret of a key that was just made, on its way to the page of its stream. It is nowhere but in this tab's memory.
import type { NewStreamKey } from '../api/resources.ts';

const fresh = new Map<string, NewStreamKey>();

export function keepFreshKey(streamId: string, key: NewStreamKey): void {
  fresh.set(streamId, key);
}

/** Forgets it: what has it shows it. */
export function takeFreshKey(streamId: string): NewStreamKey | undefined {
  const key = fresh.get(streamId);
  fresh.delete(streamId);
  return key;
}
