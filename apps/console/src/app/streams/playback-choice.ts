import type { TenantStream, PlaybackLink } from '../api/resources.ts';

/** The way to watch that needs no token. */
export const publicPlayback = ({ playback_ids: ids }: Pick<TenantStream, 'playback_ids'>): PlaybackLink | undefined =>
  ids.find(({ policy }) => policy === 'public');

/** Where this page plays it: on its own origin, by whatever name the server was reached. */
export const playlistPath = ({ playback_url: url }: PlaybackLink): string => new URL(url).pathname;
