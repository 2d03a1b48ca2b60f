// Which problem of a stream a person should know now.
import type { PublishConnection, PublishSessionDetails, TenantStream } from '../api/resources.ts';
import { isExpectedEnd, problemOfEnd } from '../stream-problems.ts';

export interface StreamProblem {
  readonly code: string;
  /** The server's words, for a code that the console does not know. */
  readonly message: string;
  readonly at: string;
  /** It is so now; otherwise it was. */
  readonly lasts: boolean;
}

/** An encoder with a valid key was not let in. */
export interface Refusal {
  readonly reason: string;
  readonly at: string;
}

/**
 * What disturbs the stream now goes first; then the newest of what refused or ended a connection, until an encoder has connected
 * since.
 *
 * @param session the newest one, also when it is over
 * @param refusal the last one
 */
export function newestProblem(
  { health }: Pick<TenantStream, 'health'>,
  session: Pick<PublishSessionDetails, 'connections'> | undefined,
  refusal: Refusal | undefined,
): StreamProblem | undefined {
  const [condition] = health?.conditions ?? [];
  if (condition !== undefined)
    return { code: condition.code, message: condition.message, at: condition.since, lasts: true };
  const [connection] = session?.connections ?? [];
  const end = badEndOf(connection);
  if (refusal === undefined || (end !== undefined && isLater(end.at, refusal.at))) return end;
  if (connection !== undefined && isLater(connection.started_at, refusal.at)) return end;
  return { code: refusal.reason, message: '', at: refusal.at, lasts: false };
}

function badEndOf(connection: PublishConnection | undefined): StreamProblem | undefined {
  if (connection === undefined) return undefined;
  const { end_reason: reason, ended_at: at, video_frames: pictures, audio_frames: sound } = connection;
  if (reason === null || at === null) return undefined;
  const code = problemOfEnd(reason, pictures === null || sound === null ? null : pictures + sound);
  return isExpectedEnd(code) ? undefined : { code, message: '', at, lasts: false };
}

const isLater = (one: string, other: string): boolean => Date.parse(one) > Date.parse(other);
