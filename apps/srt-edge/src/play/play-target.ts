// What a player shows in order to watch, and what it is told when it may not.
import { isId } from '@millrace/domain';
import { STREAM_OFFLINE } from '@millrace/playout';
import type { PlayRefusal } from '@millrace/playout';
import { parseStreamId, SrtRejection } from '@millrace/protocol/srt';

export interface SrtPlayTarget {
  readonly playbackId: string;
  readonly token: string | undefined;
}

export const isPlayRequest = (streamId: string): boolean => parseStreamId(streamId)?.mode === 'request';

/** @returns undefined when the stream id names no playback id, alone or behind a path */
export function playTarget(streamId: string): SrtPlayTarget | undefined {
  const wanted = parseStreamId(streamId);
  const playbackId = wanted?.resource.split('/').find((part) => isId('pbk', part));
  return playbackId === undefined ? undefined : { playbackId, token: wanted?.parameters.get('token')?.toWellFormed() };
}

/** Forbidden unless it says something else. */
const REASONS: Readonly<Record<string, SrtRejection>> = {
  not_found: SrtRejection.notFound,
  [STREAM_OFFLINE.code]: SrtRejection.notFound,
  too_many_viewers: SrtRejection.overload,
  playback_quota_exceeded: SrtRejection.overload,
  unsupported_codec: SrtRejection.unsupportedMedia,
  dependency_unavailable: SrtRejection.down,
  signed_playback_required: SrtRejection.unauthorized,
};

export const reasonOfPlayRefusal = ({ code }: PlayRefusal): SrtRejection =>
  REASONS[code] ?? (code.startsWith('playback_token') ? SrtRejection.unauthorized : SrtRejection.forbidden);
