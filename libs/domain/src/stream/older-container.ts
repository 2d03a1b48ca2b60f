// What the release before wrote without naming it: it had one container. Read, and written for packagers of that release, until
// the release after this one (docs/decisions/0041).

export const OLDER_CONTAINER = {
  /** The container of resume points that name none. */
  name: 'mpegts',
  /** The content type of segments that were committed without one. */
  contentType: 'video/mp2t',
} as const;
