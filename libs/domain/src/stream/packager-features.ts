// What frames may hold beyond what packagers of older releases can read. An edge sends it only when every live packager says that it reads it:
// whichever of them gets the stream, nothing of it is left out.

/** Names never change their meaning. A release that can read something more adds a name. */
export const PACKAGER_FEATURES = ['av1', 'vp9', 'flac', 'tracks', 'encoder-clock', 'colour'] as const;
export type PackagerFeature = (typeof PACKAGER_FEATURES)[number];

/** A live packager and what it can read. */
export interface PackagerAnnouncement {
  readonly instanceId: string;
  /** Those of `PACKAGER_FEATURES`, and of a newer release others; none for a packager that announces nothing. */
  readonly features: readonly string[];
}

/** What all of them can read: nothing beyond the oldest release where there are none. */
export function featuresOfAll(packagers: readonly PackagerAnnouncement[]): ReadonlySet<PackagerFeature> {
  if (packagers.length === 0) return new Set();
  return new Set(PACKAGER_FEATURES.filter((name) => packagers.every(({ features }) => features.includes(name))));
}
