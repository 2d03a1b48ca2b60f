export { deltaUpdate } from './delta-update.ts';
export { formatMediaPlaylist } from './format-media-playlist.ts';
export { formatMultivariantPlaylist } from './format-multivariant-playlist.ts';
export type { DateRange, DateRangeValue } from './date-range.ts';
export type { Define } from './define.ts';
export type { PartialSegment, PreloadHint, RenditionReport, ServerControl, Skip } from './low-latency.ts';
export type {
  ByteRange,
  InitializationSection,
  MediaPlaylist,
  MediaSegment,
  UnfinishedSegment,
} from './media-playlist.ts';
export type { MultivariantPlaylist, Rendition, SessionData, Variant } from './multivariant-playlist.ts';
export { parseMediaPlaylist } from './parse-media-playlist.ts';
export { parseMultivariantPlaylist } from './parse-multivariant-playlist.ts';
export { PlaylistError } from './playlist-error.ts';
export type { EncryptionKey, StartPoint } from './shared-tags.ts';
