import { Inject, Injectable } from '@nestjs/common';
import { newId } from '@millrace/domain';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { recordChange } from '../audit/record-change.ts';
import { notFound, ownedBy, turnOf } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { requireMatch } from '../etags/entity-tag.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page } from '../http/pages.ts';
import { ProblemError } from '../http/problem-error.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { requirePlaybackPolicy } from '../tenants/tenant-choice.ts';
import { TenantEntity } from '../tenants/tenant.entity.ts';
import { findStream } from './find-stream.ts';
import type { LiveStreamEntity } from './live-stream.entity.ts';
import { PlaybackIdEntity } from '../playback/playback-id.entity.ts';
import { currentMedia, writeMedia } from '../sessions/sessions.dto.ts';
import { writePlaybackId } from './playback-ids.dto.ts';
import type { CreatePlaybackIdBody, ListPlaybackIdsQuery, PlaybackIdAnswer } from './playback-ids.dto.ts';
import type { PlaybackAnswer } from './playback.dto.ts';
import { StreamStatuses } from './stream-status.ts';

@Injectable()
export class PlaybackIdsService {
  constructor(
    private readonly database: Database,
    private readonly known: KnownFacts,
    private readonly statuses: StreamStatuses,
    @Inject(LIVE_STORE) private readonly store: LiveStore,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  async create(caller: Principal, streamId: string, { policy }: CreatePlaybackIdBody): Promise<PlaybackIdAnswer> {
    return this.database.transaction(
      async (manager) => {
        const stream = await findStream(manager, caller, streamId, true);
        requirePlaybackPolicy(await manager.findOneByOrFail(TenantEntity, { id: stream.tenantId }), policy);
        const max = this.settings.maxPlaybackIdsPerStream;
        if ((await manager.countBy(PlaybackIdEntity, { liveStreamId: streamId })) >= max)
          throw new ProblemError('quota_exceeded', `A live stream can have at most ${max} playback ids.`);
        const made: PlaybackIdEntity = {
          id: newId('pbk'),
          tenantId: stream.tenantId,
          liveStreamId: streamId,
          policy,
          createdAt: new Date(),
        };
        await manager.insert(PlaybackIdEntity, made);
        const answer = this.#write(made, stream);
        await recordChange(manager, caller, { ...placeOf(made), after: answer });
        return answer;
      },
      { turn: turnOf(caller, streamId) },
    );
  }

  async list(caller: Principal, streamId: string, query: ListPlaybackIdsQuery): Promise<Page<PlaybackIdAnswer>> {
    const { before, order, take } = pageFind('playback', query);
    const { stream, rows } = await this.database.run(async (manager) => {
      const stream = await findStream(manager, caller, streamId);
      const where = { ...before, liveStreamId: streamId };
      return { stream, rows: await manager.find(PlaybackIdEntity, { where, order, take }) };
    });
    return toPage(rows, query.limit, (row) => this.#write(row, stream));
  }

  async read(caller: Principal, streamId: string, id: string): Promise<PlaybackIdAnswer> {
    const { row, stream } = await this.#find(caller, streamId, id);
    return this.#write(row, stream);
  }

  /** What it plays now. */
  async readPlayback(caller: Principal, id: string): Promise<PlaybackAnswer> {
    const { row, stream } = await this.database.run(async (manager) => {
      const row = await manager.findOneBy(PlaybackIdEntity, { id, ...ownedBy(caller) });
      if (row === null) throw notFound();
      return { row, stream: await findStream(manager, caller, row.liveStreamId) };
    });
    const [[now], playlist] = await Promise.all([
      this.statuses.of([stream]),
      this.store.readPlaylist(stream.id).catch(() => undefined),
    ]);
    const urls = this.#write(row, stream);
    const { playback_url: hls, dash_url: dash, rtmp_url: rtmp, rtsp_url: rtsp, srt_url: srt, watch_url: watch } = urls;
    const isPlayed = stream.enabled && playlist !== undefined && playlist.sessionId === now?.sessionId;
    return {
      id,
      live_stream_id: stream.id,
      policy: row.policy,
      status: now?.status ?? 'unknown',
      media: isPlayed ? writeMedia(currentMedia(playlist.description)) : null,
      urls: { hls, dash, flv: `${this.settings.publicUrl}/live/${id}.flv`, rtmp, rtsp, srt, watch },
    };
  }

  /** Its addresses stop working within a second or two. */
  async remove(caller: Principal, streamId: string, id: string): Promise<void> {
    await this.#find(caller, streamId, id);
    await this.database.transaction(
      async (manager) => {
        const stream = await findStream(manager, caller, streamId, true);
        const row = await manager.findOneBy(PlaybackIdEntity, { id, liveStreamId: streamId });
        if (row === null) throw notFound();
        const before = this.#write(row, stream);
        requireMatch(caller, before);
        await manager.delete(PlaybackIdEntity, { id });
        await recordChange(manager, caller, { ...placeOf(row), before });
      },
      { turn: turnOf(caller, streamId) },
    );
    await this.known.changed('playback', id);
  }

  async #find(caller: Principal, streamId: string, id: string): Promise<Found> {
    return this.database.run(async (manager) => {
      const stream = await findStream(manager, caller, streamId);
      const row = await manager.findOneBy(PlaybackIdEntity, { id, liveStreamId: streamId });
      if (row === null) throw notFound();
      return { row, stream };
    });
  }

  #write(row: PlaybackIdEntity, stream: LiveStreamEntity): PlaybackIdAnswer {
    return writePlaybackId(row, stream, this.settings);
  }
}

interface Found {
  readonly row: PlaybackIdEntity;
  readonly stream: LiveStreamEntity;
}

const placeOf = ({ tenantId, id }: PlaybackIdEntity) => ({ tenantId, objectId: id });
