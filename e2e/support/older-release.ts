// What a packager of a release that is some codecs behind reads beyond the oldest one.
export const OLDER_FEATURES = ['tracks'] as const;
/** The line with which it says that something came that it cannot read. */
export const UNREADABLE_FRAME = 'a frame that this release cannot read:';
export const OLDER_PACKAGER = new URL('older-packager.ts', import.meta.url).pathname;
