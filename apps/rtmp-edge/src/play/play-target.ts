// What a player shows in an RTMP address in order to watch: a playback id, and a token where that is signed.
import { isId } from '@millrace/domain';
import { MAX_PLAYBACK_TOKEN_LENGTH } from '@millrace/control';
import { resolvePublishTarget } from '@millrace/protocol/rtmp';
import type { PlayRequest } from '@millrace/protocol/rtmp';

const DEFAULT_APP = 'play';

export interface PlayTarget {
  readonly playbackId: string;
  readonly token: string | undefined;
  /** Of the page that plays it, where a player says. */
  readonly origin: string | undefined;
}

const isPlaybackId = (text: string): boolean => isId('pbk', text);

/** @returns undefined when the address names no playback id */
export function playTarget({ connect, streamName }: PlayRequest): PlayTarget | undefined {
  const target = resolvePublishTarget({ app: connect.app, streamName }, DEFAULT_APP, isPlaybackId);
  if ('fault' in target || !isPlaybackId(target.key)) return undefined;
  const token = target.query.get('token');
  const { pageUrl } = connect;
  return {
    playbackId: target.key,
    // One that is too long is as good as a wrong one.
    token: token?.slice(0, MAX_PLAYBACK_TOKEN_LENGTH).toWellFormed(),
    origin: URL.canParse(pageUrl) ? new URL(pageUrl).origin : undefined,
  };
}
