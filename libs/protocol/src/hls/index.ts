export { formatMediaPlaylist } from './format-media-playlist.ts';
export { formatMultivariantPlaylist } from './format-multivariant-playlist.ts';
export type { ByteRange, InitializationSection, MediaPlaylist, MediaSegment } from './media-playlist.ts';
export type { MultivariantPlaylist, Rendition, SessionData, Variant } from './multivariant-playlist.ts';
export { PlaylistError } from './playlist-error.ts';
export type { EncryptionKey, StartPoint } from './shared-tags.ts';
