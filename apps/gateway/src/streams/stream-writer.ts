import { Inject, Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { Database } from '../database/database.ts';
import { entityTag } from '../etags/entity-tag.ts';
import { timeText } from '../http/fields.ts';
import { PlaybackIdEntity } from '../playback/playback-id.entity.ts';
import { writePlaybackId } from './playback-ids.dto.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { findConditions } from '../sessions/session-conditions.ts';
import type { SessionCondition } from '../sessions/session-conditions.ts';
import type { LiveStreamEntity } from './live-stream.entity.ts';
import { settingFields } from './stream-settings.ts';
import { StreamStatuses } from './stream-status.ts';
import type { CurrentStatus } from './stream-status.ts';
import type { LiveStreamAnswer } from './streams.dto.ts';

/** Turns rows of live streams into answers: with their playback ids and what they are doing now. */
@Injectable()
export class StreamWriter {
  constructor(
    private readonly database: Database,
    private readonly statuses: StreamStatuses,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  async write(row: LiveStreamEntity): Promise<LiveStreamAnswer> {
    const [answer] = await this.writeAll([row]);
    if (answer === undefined) throw new Error('one row makes one answer');
    return answer;
  }

  async writeAll(rows: readonly LiveStreamEntity[]): Promise<LiveStreamAnswer[]> {
    if (rows.length === 0) return [];
    const where = { liveStreamId: In(rows.map(({ id }) => id)) };
    const [statuses, playbackIds] = await Promise.all([
      this.statuses.of(rows),
      this.database.run((manager) => manager.find(PlaybackIdEntity, { where, order: { id: 'ASC' } })),
    ]);
    const conditions = await this.database.run((manager) =>
      findConditions(
        manager,
        statuses.filter(isPublished).map(({ sessionId }) => sessionId!),
      ),
    );
    return rows.map((row, i) =>
      this.#answer(
        row,
        statuses[i] ?? { status: 'unknown', sessionId: null },
        playbackIds.filter(({ liveStreamId }) => liveStreamId === row.id),
        conditions,
      ),
    );
  }

  #answer(
    row: LiveStreamEntity,
    now: CurrentStatus,
    playbackIds: PlaybackIdEntity[],
    conditions: readonly SessionCondition[],
  ): LiveStreamAnswer {
    const { publicRtmpUrl, publicUrl } = this.settings;
    const stamps = { created_at: timeText(row.createdAt), updated_at: timeText(row.updatedAt) };
    return {
      id: row.id,
      tenant_id: row.tenantId,
      name: row.name,
      enabled: row.enabled,
      status: now.status,
      active_session_id: now.sessionId,
      health: isPublished(now) ? healthOf(conditions.filter(({ sessionId }) => sessionId === now.sessionId)) : null,
      ...settingFields(row),
      ingest: { server: publicRtmpUrl, url_template: `${publicRtmpUrl}/{stream_key}` },
      playback_ids: playbackIds.map((id) => writePlaybackId(id, publicUrl)),
      ...stamps,
      etag: entityTag(stamps),
    };
  }
}

/** Whether an encoder is connected. */
const isPublished = ({ status, sessionId }: CurrentStatus): boolean =>
  sessionId !== null && (status === 'connected' || status === 'active');

const healthOf = (conditions: readonly SessionCondition[]): NonNullable<LiveStreamAnswer['health']> => ({
  status: conditions.length === 0 ? 'good' : 'degraded',
  conditions: conditions.map(({ code, track, message, since }) => ({
    code,
    track: track === '' ? null : track,
    message,
    since: timeText(since),
  })),
});
