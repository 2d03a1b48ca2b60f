import { Inject, Injectable } from '@nestjs/common';
import { newId } from '@millrace/domain';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { And, ILike } from 'typeorm';
import type { FindOptionsWhere } from 'typeorm';
import { recordChange } from '../audit/record-change.ts';
import { listScope, turnOf } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { deleteInBatches } from '../database/delete-in-batches.ts';
import { requireMatch, timeOfChange } from '../etags/entity-tag.ts';
import { appendEvent, changesBetween } from '../events/append-event.ts';
import type { NewEvent } from '../events/append-event.ts';
import type { EventType } from '../events/event-types.ts';
import { timeText } from '../http/fields.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page } from '../http/pages.ts';
import { ProblemError } from '../http/problem-error.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { LiveViewers } from '../playback/live-viewers.ts';
import { PlaybackIdEntity } from '../playback/playback-id.entity.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import { PublisherCuts } from '../publisher-cuts/publisher-cuts.ts';
import type { GatewaySettings } from '../settings.ts';
import { SessionEntity } from '../sessions/session.entity.ts';
import type { ListSessionsQuery, SessionAnswer } from '../sessions/sessions.dto.ts';
import { SessionsService } from '../sessions/sessions.service.ts';
import { lockTenant, requirePlaybackPolicy, tenantFor } from '../tenants/tenant-choice.ts';
import { findStream } from './find-stream.ts';
import { LiveStreamEntity } from './live-stream.entity.ts';
import { settingColumns, settingFields } from './stream-settings.ts';
import { StreamStatuses } from './stream-status.ts';
import { StreamWriter } from './stream-writer.ts';
import type {
  CreateLiveStreamBody,
  ListLiveStreamsQuery,
  LiveStreamAnswer,
  StreamViewersAnswer,
  UpdateLiveStreamBody,
} from './streams.dto.ts';

@Injectable()
export class StreamsService {
  constructor(
    private readonly database: Database,
    private readonly known: KnownFacts,
    private readonly cuts: PublisherCuts,
    private readonly writer: StreamWriter,
    private readonly statuses: StreamStatuses,
    private readonly sessions: SessionsService,
    private readonly viewers: LiveViewers,
    @Inject(LIVE_STORE) private readonly store: LiveStore,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  /** Makes a stream, and with it the first playback id. */
  async create(caller: Principal, body: CreateLiveStreamBody): Promise<LiveStreamAnswer> {
    const now = new Date();
    const row: LiveStreamEntity = {
      id: newId('str'),
      tenantId: tenantFor(caller, body.tenant_id),
      name: body.name,
      enabled: true,
      ...settingColumns(body),
      createdAt: now,
      updatedAt: now,
    };
    const playback: PlaybackIdEntity = {
      id: newId('pbk'),
      tenantId: row.tenantId,
      liveStreamId: row.id,
      policy: body.playback_policy,
      createdAt: now,
    };
    await this.database.transaction(
      async (manager) => {
        requirePlaybackPolicy(await lockTenant(manager, row.tenantId), playback.policy);
        const max = this.settings.maxStreamsPerTenant;
        if ((await manager.countBy(LiveStreamEntity, { tenantId: row.tenantId })) >= max)
          throw new ProblemError('quota_exceeded', `A tenant can have at most ${max} live streams.`);
        await manager.insert(LiveStreamEntity, row);
        await manager.insert(PlaybackIdEntity, playback);
        await appendEvent(manager, streamEvent('live_stream.created', row));
        await recordChange(manager, caller, { ...placeOf(row), after: streamObject(row) });
      },
      { turn: turnOf(caller, row.tenantId) },
    );
    return this.writer.write(row);
  }

  async list(caller: Principal, query: ListLiveStreamsQuery): Promise<Page<LiveStreamAnswer>> {
    const { before, order, take } = pageFind('liveStream', query);
    const scope = listScope(caller, query.tenant_id);
    const where: FindOptionsWhere<LiveStreamEntity> = {
      ...before,
      ...scope,
      ...(query.name !== undefined && { name: ILike(`%${query.name.replaceAll(/[\\%_]/g, '\\$&')}%`) }),
    };
    if (query.status !== undefined) {
      where.enabled = query.status !== 'disabled';
      const ids = query.status === 'disabled' ? undefined : await this.statuses.idsIn(query.status, scope.tenantId);
      if (ids !== undefined) where.id = before.id === undefined ? ids : And(before.id, ids);
    }
    const rows = await this.database.run((manager) => manager.find(LiveStreamEntity, { where, order, take }));
    const page = toPage(rows, query.limit, (row) => row);
    return { ...page, data: await this.writer.writeAll(page.data) };
  }

  async read(caller: Principal, id: string): Promise<LiveStreamAnswer> {
    return this.writer.write(await this.database.run((manager) => findStream(manager, caller, id)));
  }

  async listSessions(caller: Principal, id: string, query: ListSessionsQuery): Promise<Page<SessionAnswer>> {
    await this.database.run((manager) => findStream(manager, caller, id));
    return this.sessions.listOfStream(id, query);
  }

  async countViewers(caller: Principal, id: string): Promise<StreamViewersAnswer> {
    const rows = await this.database.run(async (manager) => {
      await findStream(manager, caller, id);
      return manager.find(PlaybackIdEntity, { where: { liveStreamId: id }, order: { id: 'ASC' } });
    });
    const counts = await Promise.all(rows.map((row) => this.viewers.countOf(row.id)));
    return {
      live_stream_id: id,
      viewers: counts.reduce((sum, count) => sum + count, 0),
      playback_ids: rows.map((row, i) => ({ id: row.id, viewers: counts[i] ?? 0 })),
    };
  }

  /** New settings take effect with the next publish. */
  async update(caller: Principal, id: string, { name, ...changes }: UpdateLiveStreamBody): Promise<LiveStreamAnswer> {
    return this.#change(caller, id, 'live_stream.updated', (row) => ({
      ...(name === undefined ? {} : { name }),
      ...settingColumns({ ...settingFields(row), ...withoutUndefined(changes) }),
    }));
  }

  /** A disabled stream refuses its keys; who publishes is cut. */
  async setEnabled(caller: Principal, id: string, enabled: boolean): Promise<LiveStreamAnswer> {
    return this.#change(
      caller,
      id,
      enabled ? 'live_stream.enabled' : 'live_stream.disabled',
      () => ({ enabled }),
      async () => {
        if (!enabled) await this.cuts.cutStream(id, 'stream_disabled');
      },
    );
  }

  /** Cuts who publishes; the session ends without waiting for a return. */
  async end(caller: Principal, id: string): Promise<LiveStreamAnswer> {
    const row = await this.database.transaction(async (manager) => {
      const found = await findStream(manager, caller, id);
      await recordChange(manager, caller, placeOf(found));
      return found;
    });
    await this.cuts.endStream(id);
    return this.writer.write(row);
  }

  /** Has the encoder that waits publish, and the other one wait. */
  async switchEncoder(caller: Principal, id: string): Promise<LiveStreamAnswer> {
    const row = await this.database.transaction(async (manager) => {
      const found = await findStream(manager, caller, id);
      await recordChange(manager, caller, placeOf(found));
      if (!(await this.store.requestSwitch(id)))
        throw new ProblemError('no_standby', 'No encoder waits that could go on with this stream.');
      return found;
    });
    return this.writer.write(row);
  }

  /** Deletes the stream with all that belongs to it. It is disabled first, so that no publisher can begin meanwhile. */
  async remove(caller: Principal, id: string): Promise<void> {
    const { tenantId, playbackIds } = await this.database.transaction(
      async (manager) => {
        const row = await findStream(manager, caller, id, true);
        requireMatch(caller, streamObject(row));
        await manager.update(LiveStreamEntity, { id }, { enabled: false });
        await recordChange(manager, caller, { ...placeOf(row), before: streamObject(row) });
        return { tenantId: row.tenantId, playbackIds: await manager.findBy(PlaybackIdEntity, { liveStreamId: id }) };
      },
      { turn: turnOf(caller, id) },
    );
    await this.known.changed('streams', id);
    await this.cuts.cutStream(id, 'bad_key');
    await deleteInBatches(this.database, SessionEntity, { tenantId, liveStreamId: id });
    await this.database.transaction(
      async (manager) => {
        const [row] = await manager.find(LiveStreamEntity, { where: { id }, lock: { mode: 'for_no_key_update' } });
        // Another request may have been faster.
        if (row === undefined) return;
        await manager.delete(LiveStreamEntity, { id });
        await appendEvent(manager, streamEvent('live_stream.deleted', row));
      },
      { turn: turnOf(caller, id) },
    );
    await this.known.changed('streams', id);
    await Promise.all(playbackIds.map((playback) => this.known.changed('playback', playback.id)));
  }

  async #change(
    caller: Principal,
    id: string,
    type: EventType,
    values: (row: LiveStreamEntity) => Partial<LiveStreamEntity>,
    then: () => Promise<void> = async () => undefined,
  ): Promise<LiveStreamAnswer> {
    const row = await this.database.transaction(
      async (manager) => {
        const found = await findStream(manager, caller, id, true);
        const before = streamObject(found);
        requireMatch(caller, before);
        const changed = { ...values(found), updatedAt: timeOfChange(found.updatedAt) };
        await manager.update(LiveStreamEntity, { id }, changed);
        const row = { ...found, ...changed };
        const after = streamObject(row);
        await recordChange(manager, caller, { ...placeOf(row), before, after });
        const previous = changesBetween(before, after);
        // Enabling what is enabled already is no news.
        if (Object.keys(previous).length > 0) await appendEvent(manager, { ...streamEvent(type, row), previous });
        return row;
      },
      { turn: turnOf(caller, id) },
    );
    await this.known.changed('streams', id);
    await then();
    return this.writer.write(row);
  }
}

const placeOf = ({ tenantId, id }: LiveStreamEntity) => ({ tenantId, objectId: id });

const streamEvent = (type: EventType, row: LiveStreamEntity): NewEvent => ({
  type,
  tenantId: row.tenantId,
  objectId: row.id,
  object: streamObject(row),
});

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

const withoutUndefined = <T extends object>(values: T): Defined<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;

/** The stream as events give it: what is stored of it, without what it is doing now. */
const streamObject = (row: LiveStreamEntity): Record<string, unknown> => ({
  id: row.id,
  tenant_id: row.tenantId,
  name: row.name,
  enabled: row.enabled,
  ...settingFields(row),
  created_at: timeText(row.createdAt),
  updated_at: timeText(row.updatedAt),
});
