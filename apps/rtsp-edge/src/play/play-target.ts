// What a player shows in order to watch: a playback id in its address; a token in its query, or as the password over RTSPS.
import { MAX_PLAYBACK_TOKEN_LENGTH } from '@millrace/control';
import { isId } from '@millrace/domain';
import { parseBasicCredentials } from '@millrace/protocol/rtsp';
import type { RtspHeaders } from '@millrace/protocol/rtsp';

/** The first part of an address that is played. */
export const PLAY_APP = 'play';

export interface RtspPlayTarget {
  readonly playbackId: string;
  readonly token: string | undefined;
  /** A password came in the clear: it is not looked at. */
  readonly isTokenExposed: boolean;
}

export const isPlayAddress = (url: URL): boolean => partsOf(url)[0] === PLAY_APP;

/** @returns undefined when the address names no playback id */
export function playTarget(url: URL, headers: RtspHeaders, isEncrypted: boolean): RtspPlayTarget | undefined {
  const [app, playbackId] = partsOf(url);
  if (app !== PLAY_APP || playbackId === undefined || !isId('pbk', playbackId)) return undefined;
  const password = parseBasicCredentials(headers.get('authorization') ?? '')?.password;
  const token = url.searchParams.get('token') ?? (isEncrypted ? password : undefined);
  return {
    playbackId,
    // One that is too long is as good as a wrong one.
    token: token?.slice(0, MAX_PLAYBACK_TOKEN_LENGTH).toWellFormed(),
    isTokenExposed: token === undefined && password !== undefined,
  };
}

const partsOf = (url: URL): string[] => url.pathname.split('/').filter((part) => part !== '');
