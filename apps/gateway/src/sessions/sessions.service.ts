import { Inject, Injectable } from '@nestjs/common';
import type { SessionMedia } from '@millrace/control';
import { LIVE_STORE } from '@millrace/live-store';
import type { IngestReport, LiveStore, Standby } from '@millrace/live-store';
import { And, In, IsNull, Not, Raw } from 'typeorm';
import type { EntityManager, FindOptionsWhere } from 'typeorm';
import { listScope, notFound, ownedBy } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import type { EventAnswer } from '../events/events.dto.ts';
import { EventsService } from '../events/events.service.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page } from '../http/pages.ts';
import { SessionConnectionEntity, SessionEntity, SessionWarningEntity } from './session.entity.ts';
import { SESSION_CODE_LIMITS } from './session-limits.ts';
import { currentMedia, writeConnection, writeMedia, writeSession, writeStandby } from './sessions.dto.ts';
import type {
  ListAllSessionsQuery,
  ListSessionEventsQuery,
  ListSessionsQuery,
  SessionAnswer,
  SessionWithConnections,
} from './sessions.dto.ts';

/** How many connections of a session an answer tells: all that are kept. */
const SHOWN_CONNECTIONS = SESSION_CODE_LIMITS.keptConnections;

@Injectable()
export class SessionsService {
  constructor(
    private readonly database: Database,
    private readonly events: EventsService,
    @Inject(LIVE_STORE) private readonly store: LiveStore,
  ) {}

  /** The sessions of a stream that the caller is known to see. */
  async listOfStream(streamId: string, query: ListSessionsQuery): Promise<Page<SessionAnswer>> {
    const { before, order, take } = pageFind('session', query);
    const page = await this.database.run(async (manager) => {
      const rows = await manager.find(SessionEntity, { where: { ...before, liveStreamId: streamId }, order, take });
      return findPage(manager, rows, query.limit);
    });
    return this.#writePage(page);
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
    const page = await this.database.run(async (manager) => {
      const rows = await manager.find(SessionEntity, { where, order, take });
      return findPage(manager, rows, query.limit);
    });
    return this.#writePage(page);
  }

  async read(caller: Principal, id: string): Promise<SessionWithConnections> {
    const { row, connections, warnings } = await this.database.run(async (manager) => {
      const row = await manager.findOneBy(SessionEntity, { id, ...ownedBy(caller) });
      if (row === null) throw notFound();
      const connections = await manager.find(SessionConnectionEntity, {
        where: { sessionId: id },
        order: { epoch: 'DESC' },
        take: SHOWN_CONNECTIONS,
      });
      return { row, connections, warnings: await findWarnings(manager, [id]) };
    });
    const open = connections.filter(({ endedAt }) => endedAt === null);
    const [reports, media, standby] = await Promise.all([
      this.#reportsOf([row], open),
      row.endedAt === null ? this.#mediaOf(row) : row.media,
      row.endedAt === null ? this.#standbyOf(row) : undefined,
    ]);
    const report = reports.get(id);
    return {
      ...writeSession(row, open[0]?.role, warnings, report),
      media: media === null ? null : writeMedia(media),
      standby: standby === undefined ? null : writeStandby(standby),
      connections: connections.map((each) => writeConnection(each, each.epoch === report?.epoch ? report : undefined)),
    };
  }

  async listEvents(caller: Principal, id: string, query: ListSessionEventsQuery): Promise<Page<EventAnswer>> {
    const found = await this.database.run((manager) => manager.findOneBy(SessionEntity, { id, ...ownedBy(caller) }));
    if (found === null) throw notFound();
    return this.events.listOfSession(id, query);
  }

  async #writePage({ rows, limit, open, warnings }: FoundPage): Promise<Page<SessionAnswer>> {
    const publishers = new Map(open.map(({ sessionId, role }) => [sessionId, role]));
    const reports = await this.#reportsOf(rows, open);
    return toPage(rows, limit, (row) => writeSession(row, publishers.get(row.id), warnings, reports.get(row.id)));
  }

  /**
   * What the publishers of these sessions send, by session; nothing where the live store cannot be asked.
   *
   * @param open connections that have not ended: a report of any other publisher is an old one
   */
  async #reportsOf(
    rows: readonly SessionEntity[],
    open: readonly SessionConnectionEntity[],
  ): Promise<Map<string, IngestReport>> {
    const streams = new Map(rows.map(({ id, liveStreamId }) => [id, liveStreamId]));
    const streamIds = [...new Set(open.map(({ sessionId }) => streams.get(sessionId) ?? ''))];
    const reports = streamIds.length === 0 ? [] : await this.store.readIngest(streamIds).catch(() => []);
    const bySession = new Map<string, IngestReport>();
    for (const { sessionId, epoch } of open) {
      const report = reports[streamIds.indexOf(streams.get(sessionId) ?? '')];
      if (report?.epoch === epoch) bySession.set(sessionId, report);
    }
    return bySession;
  }

  /** The encoder that waits, where the live store can be asked. */
  async #standbyOf({ id, liveStreamId }: SessionEntity): Promise<Standby | undefined> {
    const live = await this.store.readLiveStream(liveStreamId).catch(() => undefined);
    return live?.claim.sessionId === id ? live.standby : undefined;
  }

  /** What was noted when it began, where the live store cannot be asked. */
  async #mediaOf({ id, liveStreamId, media }: SessionEntity): Promise<SessionMedia | null> {
    const playlist = await this.store.readPlaylist(liveStreamId).catch(() => undefined);
    return playlist?.sessionId === id ? currentMedia(playlist.description) : media;
  }
}

interface FoundPage {
  readonly rows: readonly SessionEntity[];
  readonly limit: number;
  /** Connections of these sessions that have not ended. */
  readonly open: readonly SessionConnectionEntity[];
  readonly warnings: readonly SessionWarningEntity[];
}

async function findPage(manager: EntityManager, rows: readonly SessionEntity[], limit: number): Promise<FoundPage> {
  const sessionIds = rows.map(({ id }) => id);
  const isOpen = { sessionId: In(sessionIds), endedAt: IsNull() };
  const open = sessionIds.length === 0 ? [] : await manager.findBy(SessionConnectionEntity, isOpen);
  return { rows, limit, open, warnings: await findWarnings(manager, sessionIds) };
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
