import { Inject, Injectable } from '@nestjs/common';
import { helpForProblem } from '@millrace/domain';
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { Database } from '../database/database.ts';
import { entityTag } from '../etags/entity-tag.ts';
import { timeText } from '../http/fields.ts';
import { PlaybackIdEntity } from '../playback/playback-id.entity.ts';
import { writePlaybackId } from './playback-ids.dto.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { findConditions } from '../sessions/session-conditions.ts';
import type { SessionCondition } from '../sessions/session-conditions.ts';
import { StreamErrorEntity } from '../sessions/stream-errors.ts';
import type { LiveStreamEntity } from './live-stream.entity.ts';
import { settingFields } from './stream-settings.ts';
import { StreamStatuses } from './stream-status.ts';
import type { CurrentStatus } from './stream-status.ts';
import type { LiveStreamAnswer } from './streams.dto.ts';

interface StreamFacts {
  readonly now: CurrentStatus;
  readonly playbackIds: readonly PlaybackIdEntity[];
  readonly conditions: readonly SessionCondition[];
  readonly error: StreamErrorEntity | undefined;
  readonly keyHint: string | null;
}

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
    const ids = rows.map(({ id }) => id);
    const where = { liveStreamId: In(ids) };
    const [statuses, { playbackIds, errors, hints }] = await Promise.all([
      this.statuses.of(rows),
      this.database.run(async (manager) => ({
        playbackIds: await manager.find(PlaybackIdEntity, { where, order: { id: 'ASC' } }),
        errors: await manager.findBy(StreamErrorEntity, where),
        hints: await findKeyHints(manager, ids),
      })),
    ]);
    const conditions = await this.database.run((manager) =>
      findConditions(
        manager,
        statuses.filter(isPublished).map(({ sessionId }) => sessionId!),
      ),
    );
    return rows.map((row, i) =>
      this.#answer(row, {
        now: statuses[i] ?? { status: 'unknown', sessionId: null },
        playbackIds: playbackIds.filter(({ liveStreamId }) => liveStreamId === row.id),
        conditions,
        error: errors.find(({ liveStreamId }) => liveStreamId === row.id),
        keyHint: hints.get(row.id) ?? null,
      }),
    );
  }

  #answer(row: LiveStreamEntity, { now, playbackIds, conditions, error, keyHint }: StreamFacts): LiveStreamAnswer {
    const { publicRtmpUrl, publicRtmpsUrl, publicRtspUrl, publicSrtUrl } = this.settings;
    const isEncrypted = publicRtmpUrl.startsWith('rtmps:');
    const stamps = { created_at: timeText(row.createdAt), updated_at: timeText(row.updatedAt) };
    return {
      id: row.id,
      tenant_id: row.tenantId,
      name: row.name,
      enabled: row.enabled,
      status: now.status,
      active_session_id: now.sessionId,
      health: isPublished(now) ? healthOf(conditions.filter(({ sessionId }) => sessionId === now.sessionId)) : null,
      last_error: error === undefined ? null : writeError(error),
      ...settingFields(row),
      ingest: {
        server: publicRtmpUrl,
        url_template: `${publicRtmpUrl}/{stream_key}`,
        rtmp_url: isEncrypted ? null : publicRtmpUrl,
        rtmps_url: isEncrypted ? publicRtmpUrl : (publicRtmpsUrl ?? null),
        rtsp_url: publicRtspUrl ?? null,
        srt_url: publicSrtUrl === undefined ? null : `${publicSrtUrl}?streamid=publish:`,
        key_hint: keyHint,
      },
      playback_ids: playbackIds.map((id) => writePlaybackId(id, row, this.settings)),
      ...stamps,
      etag: entityTag(stamps),
    };
  }
}

/** @returns the hint of the newest key in force of each of these streams */
async function findKeyHints(manager: EntityManager, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await manager.query<{ id: string; hint: string }[]>(
    `SELECT DISTINCT ON (live_stream_id) live_stream_id AS id, hint FROM stream_keys
     WHERE live_stream_id = ANY ($1) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
     ORDER BY live_stream_id, stream_keys.id DESC`,
    [ids],
  );
  return new Map(rows.map(({ id, hint }) => [id, hint]));
}

const writeError = (row: StreamErrorEntity): NonNullable<LiveStreamAnswer['last_error']> => ({
  code: row.code,
  detail: row.detail,
  help: helpForProblem(row.code),
  at: timeText(row.at),
  session_id: row.sessionId,
});

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
