// Which problem of a stream a person should know now.
import type { PublishConnection, PublishSessionDetails, TenantStream } from '../api/resources.ts';
import { isExpectedEnd } from '../stream-problems.ts';

export interface StreamProblem {
  readonly code: string;
  /** The server's words, for a code that the console does not know. */
  readonly message: string;
  readonly at: string;
  /** It is so now; otherwise it was. */
  readonly lasts: boolean;
}

/**
 * What disturbs the stream now goes first, then what ended the last connection of an encoder.
 *
 * @param session the newest one, also when it is over
 */
export function newestProblem(
  { status }: Pick<TenantStream, 'status'>,
  session: Pick<PublishSessionDetails, 'connections' | 'warnings'> | undefined,
): StreamProblem | undefined {
  if (session === undefined) return undefined;
  const warning = session.warnings.at(-1);
  if (status === 'active' && warning !== undefined)
    return { code: warning.code, message: warning.message, at: warning.first_at, lasts: true };
  return badEndOf(session.connections[0]);
}

function badEndOf(connection: PublishConnection | undefined): StreamProblem | undefined {
  if (connection === undefined) return undefined;
  const { end_reason: code, ended_at: at } = connection;
  return code === null || at === null || isExpectedEnd(code) ? undefined : { code, message: '', at, lasts: false };
}
