import { Inject, Injectable } from '@nestjs/common';
import { newId } from '@millrace/domain';
import { recordChange } from '../audit/record-change.ts';
import { notFound, turnOf } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { requireMatch } from '../etags/entity-tag.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page } from '../http/pages.ts';
import { ProblemError } from '../http/problem-error.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { findStream } from './find-stream.ts';
import { PlaybackIdEntity } from '../playback/playback-id.entity.ts';
import { writePlaybackId } from './playback-ids.dto.ts';
import type { CreatePlaybackIdBody, ListPlaybackIdsQuery, PlaybackIdAnswer } from './playback-ids.dto.ts';

@Injectable()
export class PlaybackIdsService {
  constructor(
    private readonly database: Database,
    private readonly known: KnownFacts,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  async create(caller: Principal, streamId: string, { policy }: CreatePlaybackIdBody): Promise<PlaybackIdAnswer> {
    const row = await this.database.transaction(
      async (manager) => {
        const stream = await findStream(manager, caller, streamId, true);
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
        await recordChange(manager, caller, { ...placeOf(made), after: this.#write(made) });
        return made;
      },
      { turn: turnOf(caller, streamId) },
    );
    return this.#write(row);
  }

  async list(caller: Principal, streamId: string, query: ListPlaybackIdsQuery): Promise<Page<PlaybackIdAnswer>> {
    const { before, order, take } = pageFind('playback', query);
    const rows = await this.database.run(async (manager) => {
      await findStream(manager, caller, streamId);
      return manager.find(PlaybackIdEntity, { where: { ...before, liveStreamId: streamId }, order, take });
    });
    return toPage(rows, query.limit, (row) => this.#write(row));
  }

  async read(caller: Principal, streamId: string, id: string): Promise<PlaybackIdAnswer> {
    return this.#write(await this.#find(caller, streamId, id));
  }

  /** Its addresses stop working within a second or two. */
  async remove(caller: Principal, streamId: string, id: string): Promise<void> {
    await this.#find(caller, streamId, id);
    await this.database.transaction(
      async (manager) => {
        await findStream(manager, caller, streamId, true);
        const row = await manager.findOneBy(PlaybackIdEntity, { id, liveStreamId: streamId });
        if (row === null) throw notFound();
        const before = this.#write(row);
        requireMatch(caller, before);
        await manager.delete(PlaybackIdEntity, { id });
        await recordChange(manager, caller, { ...placeOf(row), before });
      },
      { turn: turnOf(caller, streamId) },
    );
    await this.known.changed('playback', id);
  }

  async #find(caller: Principal, streamId: string, id: string): Promise<PlaybackIdEntity> {
    const row = await this.database.run(async (manager) => {
      await findStream(manager, caller, streamId);
      return manager.findOneBy(PlaybackIdEntity, { id, liveStreamId: streamId });
    });
    if (row === null) throw notFound();
    return row;
  }

  #write(row: PlaybackIdEntity): PlaybackIdAnswer {
    return writePlaybackId(row, this.settings.publicUrl);
  }
}

const placeOf = ({ tenantId, id }: PlaybackIdEntity) => ({ tenantId, objectId: id });
