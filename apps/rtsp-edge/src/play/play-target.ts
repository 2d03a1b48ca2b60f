// What a player shows in order to watch: a playback id in its address; a token in its query, or as the password over RTSPS; or a digest
// of a short token.
import { randomUUID } from 'node:crypto';
import { MAX_PLAYBACK_TOKEN_LENGTH } from '@millrace/control';
import type { PlaybackLogin } from '@millrace/control';
import { isId } from '@millrace/domain';
import { parseBasicCredentials, parseDigestCredentials } from '@millrace/protocol/rtsp';
import type { RtspRequest } from '@millrace/protocol/rtsp';
import { REALM } from '../channel/login-challenge.ts';

/** The first part of an address that is played. */
export const PLAY_APP = 'play';

export interface RtspPlayTarget {
  readonly playbackId: string;
  readonly token: string | undefined;
  readonly login: PlaybackLogin | undefined;
  /** A password came in the clear: it is not looked at. */
  readonly isTokenExposed: boolean;
}

export const isPlayAddress = (url: URL): boolean => partsOf(url)[0] === PLAY_APP;

/** @returns undefined when the address names no playback id */
export function playTarget(url: URL, request: RtspRequest, isEncrypted: boolean): RtspPlayTarget | undefined {
  const [app, playbackId] = partsOf(url);
  if (app !== PLAY_APP || playbackId === undefined || !isId('pbk', playbackId)) return undefined;
  const authorization = request.headers.get('authorization') ?? '';
  const password = parseBasicCredentials(authorization)?.password;
  const token = url.searchParams.get('token') ?? (isEncrypted ? password : undefined);
  return {
    playbackId,
    // One that is too long is as good as a wrong one.
    token: token?.slice(0, MAX_PLAYBACK_TOKEN_LENGTH).toWellFormed(),
    login: token === undefined ? loginOf(authorization, request) : undefined,
    isTokenExposed: token === undefined && password !== undefined,
  };
}

function loginOf(authorization: string, { method, uri }: RtspRequest): PlaybackLogin | undefined {
  const proof = parseDigestCredentials(authorization);
  if (proof === undefined || proof.uri !== uri || proof.realm !== REALM) return undefined;
  const { username, realm, nonce: opaque, response, algorithm, counted } = proof;
  return { opaque, response, attempt: randomUUID(), digest: { algorithm, username, realm, method, uri, counted } };
}

/** Why an address has no target. */
export const playAddressFault = (url: URL): string =>
  partsOf(url)[1] === undefined
    ? 'The address has no playback id: rtsp://HOST/play/PLAYBACK_ID'
    : 'What follows /play/ is not a playback id (pbk_...): rtsp://HOST/play/PLAYBACK_ID';

const partsOf = (url: URL): string[] => url.pathname.split('/').filter((part) => part !== '');
