// The rows that sessions leave. Each write may come late, twice, or without the one that should have come before it.
import { rejectionName } from '@millrace/control';
import type {
  PublishEnded,
  PublishRejected,
  SessionActive,
  SessionEnded,
  SessionHealthChange,
  SessionMedia,
  SessionWarned,
  StandbyChanged,
} from '@millrace/control';
import { describeFailedEnd, MAX_SESSION_WARNINGS, problemOfEnd, PUBLISH_REFUSALS } from '@millrace/domain';
import type { PublishClaim, SessionWarning } from '@millrace/domain';
import type { EntityManager } from 'typeorm';
import { appendEvent } from '../events/append-event.ts';
import type { NewEvent } from '../events/append-event.ts';
import type { EventType } from '../events/event-types.ts';
import { SESSION_CODE_LIMITS } from './session-limits.ts';
import { noteStreamError } from './stream-errors.ts';

const MS = 1_000;
/** More than one, so that a limit that was lowered is reached. */
const FORGOTTEN_AT_ONCE = 100;

export interface PublisherDetails {
  readonly protocol: string | null;
  readonly encoder: string | null;
  readonly clientAddress: string | null;
}

export type SessionWrite = (manager: EntityManager) => Promise<void>;

/** A publish has begun. What this stream or session had open before is over. */
export const publishBegan =
  (claim: PublishClaim, details: PublisherDetails | undefined): SessionWrite =>
  async (manager) => {
    const startedAt = new Date(claim.epochStartedAtMs);
    await insertSession(manager, claim, claim.sessionStartedAtMs);
    const endedAt = new Date(claim.sessionStartedAtMs);
    const [ended] = await manager.query<[{ id: string }[], number]>(
      `UPDATE sessions SET ended_at = $3 WHERE live_stream_id = $1 AND id < $2 AND ended_at IS NULL RETURNING id`,
      [claim.streamId, claim.sessionId, endedAt],
    );
    for (const { id: sessionId } of ended) await appendIdle(manager, { ...claim, sessionId }, endedAt, null);
    await manager.query(
      `UPDATE session_connections SET ended_at = $3, end_reason = 'lost'
       WHERE session_id = $1 AND epoch < $2 AND ended_at IS NULL`,
      [claim.sessionId, claim.epoch, startedAt],
    );
    const isNew = await insertConnection(manager, claim);
    await forgetOldRows(manager, claim);
    // The reconciliation finds connections that were reported long ago, and whose event may be deleted by now.
    if (details === undefined && !isNew) return;
    const isFirst = claim.epochStartedAtMs === claim.sessionStartedAtMs;
    await appendEvent(manager, {
      ...aboutSession(isFirst ? 'live_stream.connected' : 'live_stream.reconnected', claim),
      object: {
        ...sessionObject(claim),
        stream_key_id: claim.streamKeyId,
        role: claim.role ?? 'primary',
        protocol: details?.protocol ?? null,
        encoder: details?.encoder ?? null,
      },
      at: startedAt,
      once: `connected ${claim.sessionId} ${claim.epoch}`,
    });
    if (details === undefined) return;
    await manager.query(
      `UPDATE session_connections SET protocol = $3, encoder = $4, client_address = $5
       WHERE session_id = $1 AND epoch = $2`,
      [claim.sessionId, claim.epoch, details.protocol, details.encoder, details.clientAddress],
    );
  };

/** An encoder with a key of this stream was refused. */
export const publishRejected =
  ({ tenantId, streamId, streamKeyId, refusal, protocol, encoder }: PublishRejected, atMs: number): SessionWrite =>
  async (manager) => {
    await appendEvent(manager, {
      type: 'live_stream.rejected',
      tenantId,
      objectId: streamId,
      object: {
        id: streamId,
        stream_key_id: streamKeyId,
        reason: refusal,
        message: PUBLISH_REFUSALS[refusal],
        protocol,
        encoder,
      },
      at: new Date(atMs),
      once: rejectionName(streamId, refusal, atMs),
    });
    const detail = PUBLISH_REFUSALS[refusal];
    await noteStreamError(manager, {
      liveStreamId: streamId,
      code: refusal,
      detail,
      sessionId: null,
      at: new Date(atMs),
    });
  };

/** What became of an encoder that waits: it is connected, publishes, or has left. */
export const standbyChanged =
  ({ claim, change, reason, protocol, encoder, clientAddress, atMs }: StandbyChanged): SessionWrite =>
  async (manager) => {
    const { streamId, sessionId, epoch, role = 'primary' } = claim;
    const isPromoted = change === 'promoted';
    if (isPromoted) await publishBegan(claim, { protocol, encoder, clientAddress })(manager);
    // It took the place of no other one.
    if (isPromoted && claim.epochStartedAtMs === claim.sessionStartedAtMs) return;
    // An encoder that came before any session has no id of one yet.
    const hasSession = claim.sessionStartedAtMs < claim.epochStartedAtMs;
    await appendEvent(manager, {
      ...aboutSession(STANDBY_EVENTS[change], claim),
      object: {
        id: streamId,
        session_id: hasSession ? sessionId : null,
        stream_key_id: claim.streamKeyId,
        role,
        reason,
        protocol,
        encoder,
      },
      at: new Date(atMs),
      once: `standby ${change} ${streamId} ${epoch}`,
    });
  };

const STANDBY_EVENTS: Readonly<Record<StandbyChanged['change'], EventType>> = {
  waiting: 'live_stream.standby_connected',
  promoted: 'live_stream.switched',
  left: 'live_stream.standby_disconnected',
};

/** A publisher is gone. */
export const publishEnded =
  (
    { claim, reason, detail, bytes, videoFrames, audioFrames, warnings = [] }: PublishEnded,
    nowMs: number,
  ): SessionWrite =>
  async (manager) => {
    await insertSession(manager, claim, claim.sessionStartedAtMs);
    await insertConnection(manager, claim);
    await manager.query(
      `UPDATE session_connections
       SET ended_at = COALESCE(ended_at, $3), end_reason = $4, bytes = $5, video_frames = $6, audio_frames = $7
       WHERE session_id = $1 AND epoch = $2 AND bytes IS NULL`,
      [claim.sessionId, claim.epoch, new Date(nowMs), reason, bytes, videoFrames, audioFrames],
    );
    const problem = problemOfEnd(reason, videoFrames + audioFrames);
    await appendDisconnected(manager, claim, new Date(nowMs), reason, { problem, detail });
    for (const warning of warnings) await insertWarning(manager, claim, warning);
  };

/** According to the claim the publisher has been gone since then; the edge that knew more may be dead. */
export const publisherMissed =
  (claim: PublishClaim, disconnectedAtMs: number): SessionWrite =>
  async (manager) => {
    await manager.query(
      `UPDATE session_connections SET ended_at = $3, end_reason = 'lost'
       WHERE session_id = $1 AND epoch = $2 AND ended_at IS NULL`,
      [claim.sessionId, claim.epoch, new Date(disconnectedAtMs)],
    );
    await appendDisconnected(manager, claim, new Date(disconnectedAtMs), 'lost');
  };

/** Something is wrong with what a session is sent, or no longer is. Each change of a publisher is one event. */
export const sessionWarned =
  (event: SessionWarned): SessionWrite =>
  async (manager) => {
    await insertSession(manager, event, timeOfId(event.sessionId));
    if (event.change === undefined) await insertWarning(manager, event, event.warning);
    else await changeWarning(manager, event, event.warning, event.change);
  };

/** Viewers can watch. */
export const sessionActive =
  (event: SessionActive): SessionWrite =>
  async (manager) => {
    await insertSession(manager, event, timeOfId(event.sessionId));
    await manager.query(
      `UPDATE sessions SET active_at = LEAST(active_at, $2), media = COALESCE($3, media) WHERE id = $1`,
      [event.sessionId, new Date(event.activeAtMs), mediaText(event.media)],
    );
    await appendEvent(manager, {
      ...aboutSession('live_stream.active', event),
      at: new Date(event.activeAtMs),
      once: `active ${event.sessionId}`,
    });
  };

/** The session is over for good. @param event its segments: null when they were not counted */
export const sessionEnded =
  (event: Omit<SessionEnded, 'segments'> & { readonly segments: number | null }): SessionWrite =>
  async (manager) => {
    await insertSession(manager, event, timeOfId(event.sessionId));
    const endedAt = new Date(event.endedAtMs);
    await manager.query(
      `UPDATE sessions
       SET ended_at = LEAST(ended_at, $2), segments = COALESCE(segments, $3), media = COALESCE($4, media) WHERE id = $1`,
      [event.sessionId, endedAt, event.segments, mediaText(event.media)],
    );
    await manager.query(
      `UPDATE session_connections SET ended_at = $2, end_reason = 'lost' WHERE session_id = $1 AND ended_at IS NULL`,
      [event.sessionId, endedAt],
    );
    await appendIdle(manager, event, endedAt, event.segments);
  };

const mediaText = (media: SessionMedia | undefined): string | null =>
  media === undefined ? null : JSON.stringify(media);

type SessionIds = Pick<PublishClaim, 'sessionId' | 'tenantId' | 'streamId'>;

async function insertSession(manager: EntityManager, ids: SessionIds, startedAtMs: number): Promise<void> {
  await manager.query(
    `INSERT INTO sessions (id, tenant_id, live_stream_id, started_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
    [ids.sessionId, ids.tenantId, ids.streamId, new Date(startedAtMs)],
  );
}

/** @returns whether it was not known */
async function insertConnection(manager: EntityManager, claim: PublishClaim): Promise<boolean> {
  const rows = await manager.query<unknown[]>(
    `INSERT INTO session_connections (session_id, epoch, stream_key_id, edge_id, started_at, role)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING epoch`,
    [
      claim.sessionId,
      claim.epoch,
      claim.streamKeyId,
      claim.edgeId,
      new Date(claim.epochStartedAtMs),
      claim.role ?? 'primary',
    ],
  );
  return rows.length > 0;
}

/** An encoder that connects again and again leaves so many rows and no more: the oldest ones go. */
async function forgetOldRows(manager: EntityManager, { sessionId, streamId }: SessionIds): Promise<void> {
  await manager.query(
    `DELETE FROM session_connections WHERE session_id = $1 AND epoch IN
     (SELECT epoch FROM session_connections WHERE session_id = $1 ORDER BY epoch DESC OFFSET $2)`,
    [sessionId, SESSION_CODE_LIMITS.keptConnections],
  );
  await manager.query(
    `DELETE FROM sessions WHERE live_stream_id = $1 AND id IN
     (SELECT id FROM sessions WHERE live_stream_id = $1 AND ended_at IS NOT NULL ORDER BY id DESC OFFSET $2 LIMIT $3)`,
    [streamId, SESSION_CODE_LIMITS.keptEndedSessions, FORGOTTEN_AT_ONCE],
  );
}

/** The first time counts; a session that has its share of warnings takes no other code. */
async function insertWarning(manager: EntityManager, ids: SessionIds, warning: SessionWarning): Promise<void> {
  const { sessionId } = ids;
  const rows = await manager.query<unknown[]>(
    `INSERT INTO session_warnings (session_id, code, track, message, first_at)
     SELECT $1, $2, $3, $4, $5 WHERE (SELECT count(*) FROM session_warnings WHERE session_id = $1) < $6
     ON CONFLICT (session_id, code, track) DO UPDATE SET first_at = LEAST(session_warnings.first_at, excluded.first_at)
     RETURNING code`,
    [sessionId, warning.code, warning.track ?? '', warning.message, new Date(warning.firstAtMs), MAX_SESSION_WARNINGS],
  );
  if (rows.length === 0) return;
  await noteWarning(manager, ids, warning, warning.firstAtMs);
  await appendEvent(manager, {
    ...aboutSession('live_stream.health_degraded', ids),
    object: {
      ...sessionObject(ids),
      warning: { code: warning.code, track: warning.track ?? null, message: warning.message },
    },
    at: new Date(warning.firstAtMs),
    once: `warned ${sessionId} ${warning.code} ${warning.track ?? ''}`,
  });
}

async function changeWarning(
  manager: EntityManager,
  ids: SessionIds,
  warning: SessionWarning,
  { epoch, number, state, atMs }: SessionHealthChange,
): Promise<void> {
  const { code, track, message, firstAtMs } = warning;
  const { sessionId } = ids;
  const isOver = state === 'recovered';
  const since = new Date(firstAtMs);
  const at = new Date(atMs);
  await manager.query(
    `INSERT INTO session_warnings AS known (session_id, code, track, message, first_at, epoch, number, since, recovered_at)
     SELECT $1, $2, $3, $4, $5, $6, $7, $5, $8
     WHERE (SELECT count(*) FROM session_warnings WHERE session_id = $1 AND (code, track) <> ($2, $3)) < $9
     ON CONFLICT (session_id, code, track) DO UPDATE
     SET message = excluded.message, first_at = LEAST(known.first_at, excluded.first_at), epoch = excluded.epoch,
       number = excluded.number, since = excluded.since, recovered_at = excluded.recovered_at
     WHERE known.epoch IS NULL OR (known.epoch, known.number) < (excluded.epoch, excluded.number)`,
    [sessionId, code, track ?? '', message, since, epoch, number, isOver ? at : null, MAX_SESSION_WARNINGS],
  );
  if (!isOver) await noteWarning(manager, ids, warning, atMs);
  await appendEvent(manager, {
    ...aboutSession(isOver ? 'live_stream.health_recovered' : 'live_stream.health_degraded', ids),
    object: {
      ...sessionObject(ids),
      warning: { code, track: track ?? null, message },
      ...(isOver && { lasted_seconds: Math.max(0, atMs - firstAtMs) / MS }),
    },
    at,
    once: `health ${sessionId} ${epoch} ${number}`,
  });
}

/** Events of a session are events of its live stream. */
const aboutSession = (type: EventType, ids: SessionIds): NewEvent => ({
  type,
  tenantId: ids.tenantId,
  objectId: ids.streamId,
  object: sessionObject(ids),
});

const sessionObject = ({ streamId, sessionId }: SessionIds) => ({ id: streamId, session_id: sessionId });

/** Reported by the edge, or noticed without it: the first report counts. */
async function appendDisconnected(
  manager: EntityManager,
  claim: PublishClaim,
  at: Date,
  reason: string,
  { problem = reason, detail: said }: { readonly problem?: string; readonly detail?: string | undefined } = {},
): Promise<void> {
  const event = await appendEvent(manager, {
    ...aboutSession('live_stream.disconnected', claim),
    object: {
      ...sessionObject(claim),
      reason,
      will_wait_seconds: claim.settings.reconnectWindowMs / MS,
    },
    at,
    once: `disconnected ${claim.sessionId} ${claim.epoch}`,
  });
  const known = describeFailedEnd(problem);
  if (event === undefined || known === undefined) return;
  const detail = said ?? known;
  const { streamId: liveStreamId, sessionId } = claim;
  await noteStreamError(manager, { liveStreamId, code: problem, detail, sessionId, at });
}

const noteWarning = (
  manager: EntityManager,
  { streamId: liveStreamId, sessionId }: SessionIds,
  { code, message: detail }: SessionWarning,
  atMs: number,
): Promise<void> => noteStreamError(manager, { liveStreamId, code, detail, sessionId, at: new Date(atMs) });

async function appendIdle(manager: EntityManager, ids: SessionIds, at: Date, segments: number | null): Promise<void> {
  const [totals] = await manager.query<{ connections: number; bytes: string | null; started_at: Date }[]>(
    `SELECT s.started_at, count(c.epoch)::int AS connections, sum(c.bytes) AS bytes
     FROM sessions s LEFT JOIN session_connections c ON c.session_id = s.id WHERE s.id = $1 GROUP BY s.id`,
    [ids.sessionId],
  );
  const durationMs = Math.max(0, at.getTime() - (totals?.started_at ?? at).getTime());
  await appendEvent(manager, {
    ...aboutSession('live_stream.idle', ids),
    object: {
      ...sessionObject(ids),
      segments,
      duration_seconds: durationMs / MS,
      connections: totals?.connections ?? 0,
      // Null until an edge has told it.
      bytes: typeof totals?.bytes === 'string' ? Number(totals.bytes) : null,
    },
    at,
    once: `idle ${ids.sessionId}`,
  });
}

/** Crockford's base 32, as `newId` writes it. */
const ID_ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const ID_TIME_CHARACTERS = 10;

/** When an identifier was made, in milliseconds since 1970: its first ten characters say so. */
export function timeOfId(id: string): number {
  const start = id.indexOf('_') + 1;
  let time = 0;
  for (const character of id.slice(start, start + ID_TIME_CHARACTERS))
    time = time * 32 + ID_ALPHABET.indexOf(character);
  return time;
}
