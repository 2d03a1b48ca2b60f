// What to show when the live store says something else than before. Viewers must never see a playlist go back.
import { renditionNames } from '@millrace/live-store';
import type { PlaylistText } from '@millrace/live-store';

export interface ShownPlaylist {
  readonly playlist: PlaylistText;
  /** When the live store last said this or something newer, by the gateway's own clock. */
  readonly confirmedAtMs: number;
}

/**
 * Chooses what viewers see. A live playlist that vanished, or that is older than what was shown, means that the store has lost
 * something: for a while what was shown is shown on, until a packager has put it back.
 *
 * @param read what the store says now
 * @param staleMs how long to go on with what the store does not confirm
 */
export function choosePlaylist(
  shown: ShownPlaylist | undefined,
  read: PlaylistText | undefined,
  nowMs: number,
  staleMs: number,
): ShownPlaylist | undefined {
  const hold = shown !== undefined && nowMs - shown.confirmedAtMs < staleMs;
  if (read === undefined) return hold && !shown.playlist.ended ? shown : undefined;
  if (hold && isBehind(read, shown.playlist)) return shown;
  return { playlist: read, confirmedAtMs: nowMs };
}

/** Whether a playlist reaches less far than another: in whole segments, or in parts of the next one. */
function isBehind(read: PlaylistText, shown: PlaylistText): boolean {
  if (read.headMediaSequence !== shown.headMediaSequence) return read.headMediaSequence < shown.headMediaSequence;
  const { renditions = {} } = read;
  return renditionNames(shown.renditions ?? {}).some(
    (name) => (renditions[name]?.parts ?? 0) < (shown.renditions?.[name]?.parts ?? 0),
  );
}
