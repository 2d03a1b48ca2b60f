import { Inject, Injectable } from '@nestjs/common';
import { LIVE_STORE, type LiveStore } from '@millrace/live-store';
import { And, In, IsNull, Not, Raw, type EntityManager, type FindOptionsWhere } from 'typeorm';
import { listScope, notFound, ownedBy, type Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { pageFind, toPage, type Page } from '../http/pages.ts';
import { SessionConnectionEntity, SessionEntity, SessionWarningEntity } from './session.entity.ts';
import { SESSION_CODE_LIMITS } from './session-limits.ts';
import { writeConnection, writeMedia, writeSession } from './sessions.dto.ts';
import type { ListAllSessionsQuery, ListSessionsQuery, SessionAnswer, SessionWithConnections } from './sessions.dto.ts';

/** How many connections of a session an answer tells: all that are kept. */
const SHOWN_CONNECTIONS = SESSION_CODE_LIMITS.keptConnections;

@Injectable()
export class SessionsService {
  constructor(
    private readonly database: Database,
    @Inject(LIVE_STORE) private readonly store: LiveStore,
  ) {}

  /** The sessions of a stream that the caller is known to see. */
  async listOfStream(streamId: string, query: ListSessionsQuery): Promise<Page<SessionAnswer>> {
    const { before, order, take } = pageFind('session', query);
    return this.database.run(async (manager) => {
      const rows = await manager.find(SessionEntity, { where: { ...before, liveStreamId: streamId }, order, take });
      return toSessionPage(manager, rows, query.limit);
    });
  }

  async listAll(caller: Principal, query: ListAllSessionsQuery): Promise<Page<SessionAnswer>> {
    const { before, order, take } = pageFind('session', query);
    const where: FindOptionsWhere<SessionEntity> = {
      ...before,
      ...listScope(caller, query.tenant_id),
      ...(query.live_stream_id !== undefined && { liveStreamId: query.live_stream_id }),
      ...(query.status !== undefined && { endedAt: query.status === 'ended' ? Not(IsNull()) : IsNull() }),
    };
    if (query.status === 'live' || query.status === 'reconnecting') {
      const connected = withOpenConnection(query.status === 'live');
      where.id = before.id === undefined ? connected : And(before.id, connected);
    }
    return this.database.run(async (manager) => {
      const rows = await manager.find(SessionEntity, { where, order, take });
      return toSessionPage(manager, rows, query.limit);
    });
  }

  async read(caller: Principal, id: string): Promise<SessionWithConnections> {
    const session = await this.database.run(async (manager) => {
      const row = await manager.findOneBy(SessionEntity, { id, ...ownedBy(caller) });
      if (row === null) throw notFound();
      const connections = await manager.find(SessionConnectionEntity, {
        where: { sessionId: id },
        order: { epoch: 'DESC' },
        take: SHOWN_CONNECTIONS,
      });
      const connected = connections.some(({ endedAt }) => endedAt === null);
      const warnings = await findWarnings(manager, [id]);
      return { ...writeSession(row, connected, warnings), connections: connections.map(writeConnection) };
    });
    return { ...session, media: session.status === 'ended' ? null : await this.mediaOf(session) };
  }

  /** Nothing where the live store cannot be asked: the rest of the answer is in the database. */
  private async mediaOf({ id, live_stream_id }: SessionAnswer): Promise<SessionWithConnections['media']> {
    const playlist = await this.store.readPlaylist(live_stream_id).catch(() => undefined);
    return playlist?.sessionId === id ? writeMedia(playlist.description) : null;
  }
}

async function toSessionPage(
  manager: EntityManager,
  rows: readonly SessionEntity[],
  limit: number,
): Promise<Page<SessionAnswer>> {
  const sessionIds = rows.map(({ id }) => id);
  const open = { sessionId: In(sessionIds), endedAt: IsNull() };
  const connections = sessionIds.length === 0 ? [] : await manager.findBy(SessionConnectionEntity, open);
  const connected = new Set(connections.map(({ sessionId }) => sessionId));
  const warnings = await findWarnings(manager, sessionIds);
  return toPage(rows, limit, (row) => writeSession(row, connected.has(row.id), warnings));
}

/** A condition on a session's id: whether a publisher of it is connected. */
const withOpenConnection = (isOpen: boolean) =>
  Raw(
    (id) =>
      `${isOpen ? '' : 'NOT '}EXISTS (SELECT 1 FROM session_connections c WHERE c.session_id = ${id} AND c.ended_at IS NULL)`,
  );

async function findWarnings(manager: EntityManager, sessionIds: readonly string[]): Promise<SessionWarningEntity[]> {
  if (sessionIds.length === 0) return [];
  return manager.find(SessionWarningEntity, {
    where: { sessionId: In(sessionIds) },
    order: { firstAt: 'ASC', code: 'ASC', track: 'ASC' },
  });
}
