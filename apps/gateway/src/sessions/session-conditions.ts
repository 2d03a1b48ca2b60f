// What is wrong now with what encoders send: warnings that are not over, of publishers that are connected.
import type { EntityManager } from 'typeorm';

export interface SessionCondition {
  readonly sessionId: string;
  readonly code: string;
  readonly track: 'video' | 'audio' | '';
  readonly message: string;
  readonly since: Date;
}

/** Edges of older releases do not say when a warning is over: theirs last as long as the session. */
export async function findConditions(
  manager: EntityManager,
  sessionIds: readonly string[],
): Promise<SessionCondition[]> {
  if (sessionIds.length === 0) return [];
  return manager.query(
    `SELECT warning.session_id AS "sessionId", code, track, message, coalesce(since, first_at) AS since
     FROM session_warnings AS warning
     WHERE warning.session_id = ANY ($1) AND recovered_at IS NULL AND (epoch IS NULL OR EXISTS (
       SELECT 1 FROM session_connections AS connection
       WHERE connection.session_id = warning.session_id AND connection.epoch = warning.epoch AND connection.ended_at IS NULL))
     ORDER BY 5, code, track`,
    [sessionIds],
  );
}
