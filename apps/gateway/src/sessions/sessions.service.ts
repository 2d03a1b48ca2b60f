import { Injectable } from '@nestjs/common';
import { In, IsNull, type EntityManager } from 'typeorm';
import { notFound, ownedBy, type Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { pageFind, toPage, type Page } from '../http/pages.ts';
import { findStream } from '../streams/find-stream.ts';
import { SessionConnectionEntity, SessionEntity, SessionWarningEntity } from './session.entity.ts';
import { SESSION_CODE_LIMITS } from './session-limits.ts';
import { writeConnection, writeSession } from './sessions.dto.ts';
import type { ListSessionsQuery, SessionAnswer, SessionWithConnections } from './sessions.dto.ts';

/** How many connections of a session an answer tells: all that are kept. */
const SHOWN_CONNECTIONS = SESSION_CODE_LIMITS.keptConnections;

@Injectable()
export class SessionsService {
  constructor(private readonly database: Database) {}

  async list(caller: Principal, streamId: string, query: ListSessionsQuery): Promise<Page<SessionAnswer>> {
    const { before, order, take } = pageFind('session', query);
    return this.database.run(async (manager) => {
      await findStream(manager, caller, streamId);
      const rows = await manager.find(SessionEntity, { where: { ...before, liveStreamId: streamId }, order, take });
      const sessionIds = rows.map(({ id }) => id);
      const open = { sessionId: In(sessionIds), endedAt: IsNull() };
      const connections = sessionIds.length === 0 ? [] : await manager.findBy(SessionConnectionEntity, open);
      const connected = new Set(connections.map(({ sessionId }) => sessionId));
      const warnings = await findWarnings(manager, sessionIds);
      return toPage(rows, query.limit, (row) => writeSession(row, connected.has(row.id), warnings));
    });
  }

  async read(caller: Principal, id: string): Promise<SessionWithConnections> {
    return this.database.run(async (manager) => {
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
  }
}

async function findWarnings(manager: EntityManager, sessionIds: readonly string[]): Promise<SessionWarningEntity[]> {
  if (sessionIds.length === 0) return [];
  return manager.find(SessionWarningEntity, {
    where: { sessionId: In(sessionIds) },
    order: { firstAt: 'ASC', code: 'ASC', track: 'ASC' },
  });
}
