// The manifest of a viewer of a signed playback id: its URLs carry what the next request needs.
import { formatManifest } from '@millrace/protocol/dash';
import type { DashManifest } from '@millrace/protocol/dash';
import type { PlaylistViewer } from '../playback/signed-playlists.ts';
import type { SegmentSignatures } from '../playback/segment-signatures.ts';

/** The name under which players ask for the manifest, and for its next version. */
export const MANIFEST_NAME = 'manifest.mpd';

/**
 * A template stands for all segments of a representation, those to come as well, so its signature is good for a short time: players have a new
 * manifest each second. It is the same for all viewers of the playback id.
 */
export function manifestFor(
  manifest: DashManifest,
  playbackId: string,
  signatures: SegmentSignatures,
  { ticket, strict }: PlaylistViewer,
): string {
  const own = `?viewer=${ticket()}`;
  const endS = signatures.endFor(0, Date.now());
  const urlOf = (name: string): string => name + (strict ? own : `?${signatures.sign(playbackId, name, endS)}`);
  return formatManifest({
    ...manifest,
    location: MANIFEST_NAME + own,
    periods: manifest.periods.map((period) => ({
      ...period,
      adaptationSets: period.adaptationSets.map((set) => ({
        ...set,
        representations: set.representations.map((one) => ({
          ...one,
          initialization: urlOf(one.initialization),
          media: urlOf(one.media),
        })),
      })),
    })),
  });
}
