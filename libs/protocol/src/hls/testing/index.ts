// What tests read playlists with, beside what the package itself exports.
export { AttributeList, AttributeWriter } from '../attribute-list.ts';
export type { Resolution } from '../attribute-list.ts';
export { applyDelta, checkDelta, checkLowLatency, checkRenditionReports, newestOf } from '../check-low-latency.ts';
export type { LowLatencyRule, LowLatencyViolation } from '../check-low-latency.ts';
export { checkMediaPlaylist } from '../check-media-playlist.ts';
export type { PlaylistRule, PlaylistViolation } from '../check-media-playlist.ts';
export { requiredVersion } from '../media-playlist.ts';
export { parseMediaPlaylist } from '../parse-media-playlist.ts';
export { parseMultivariantPlaylist } from '../parse-multivariant-playlist.ts';
export { MAX_PLAYLIST_CHARACTERS, MAX_PLAYLIST_LINES } from '../playlist-line.ts';
