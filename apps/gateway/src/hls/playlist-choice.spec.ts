import type { PlaylistText } from '@millrace/live-store';
import { describe, expect, it } from 'vitest';
import { choosePlaylist } from './playlist-choice.ts';

const playlist = (headMediaSequence: number, ended = false): PlaylistText => ({
  text: `to ${headMediaSequence}${ended ? ', ended' : ''}`,
  ended,
  headMediaSequence,
  updatedAtMs: 0,
});
const shown = (head: number, ended = false) => ({ playlist: playlist(head, ended), confirmedAtMs: 1_000 });
const STALE_MS = 100;

describe('choosePlaylist', () => {
  it.each([
    ['the first one', undefined, playlist(3), 1_000, 3],
    ['a newer one', shown(3), playlist(4), 1_050, 4],
    ['the same one', shown(3), playlist(3), 1_050, 3],
    ['what was shown, when the store has lost it', shown(3), undefined, 1_050, 3],
    ['nothing, when the store has lost it for long', shown(3), undefined, 1_100, undefined],
    ['nothing, when it had ended and its time is over', shown(3, true), undefined, 1_050, undefined],
    ['what was shown, when the store went back', shown(3), playlist(2), 1_050, 3],
    ['the older one, when the store went back for good', shown(3), playlist(2), 1_100, 2],
    ['nothing, when there was nothing', undefined, undefined, 1_000, undefined],
  ] as const)('shows %s', (_, before, read, nowMs, head) => {
    expect(choosePlaylist(before, read, nowMs, STALE_MS)?.playlist.headMediaSequence).toBe(head);
  });

  it('counts the time from when the store last said so', () => {
    expect(choosePlaylist(shown(3), playlist(3), 5_000, STALE_MS)?.confirmedAtMs).toBe(5_000);
    expect(choosePlaylist(shown(3), undefined, 1_050, STALE_MS)?.confirmedAtMs).toBe(1_000);
  });
});
