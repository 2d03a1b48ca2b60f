// The health of sessions in PostgreSQL: written a minute at a time for all sessions, coarser when it is older.
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from '../database/database.ts';
import { FIVE_MINUTES_SECONDS, MINUTE_SECONDS } from './health-steps.ts';
import type { HealthStep } from './health-steps.ts';
import { SessionHealthProgressEntity } from './session-health.entity.ts';

export interface SessionStep extends HealthStep {
  readonly sessionId: string;
}

/** So many rows at once: a statement may take a second or so. */
const DELETED_AT_ONCE = 5_000;

/**
 * Writes minutes, and that they are written, in one step. The gateway that finds `written_until` where it was left writes; one that is
 * late, or starts again, changes nothing. A session that was deleted meanwhile is left out.
 */
const WRITE = `
  WITH progress AS (
    UPDATE session_health_progress SET written_until = $3 WHERE step_seconds = $1::int AND written_until = $2 RETURNING 1)
  INSERT INTO session_health
    (session_id, step_seconds, at, samples, video_bits_per_second, audio_bits_per_second, frame_rate, keyframe_interval_ms, drift_ms,
     dropped_frames, held_frames, timestamp_jumps, viewers)
  SELECT given.session_id, $1::int, to_timestamp(given.at_ms / 1000), given.samples, given.video, given.audio, given.frame_rate,
    given.keyframe_interval, given.drift, given.dropped, given.held, given.jumps, given.viewers
  FROM unnest($4::text[], $5::float8[], $6::int[], $7::float8[], $8::float8[], $9::float8[], $10::float8[], $11::float8[],
      $12::bigint[], $13::bigint[], $14::bigint[], $15::int[])
    AS given (session_id, at_ms, samples, video, audio, frame_rate, keyframe_interval, drift, dropped, held, jumps, viewers)
  JOIN sessions ON sessions.id = given.session_id
  CROSS JOIN progress
  ON CONFLICT DO NOTHING`;

/** Joins steps of one length to longer ones: the same means and sums as `joinSteps`. */
const COARSEN = `
  WITH progress AS (
    UPDATE session_health_progress SET written_until = $4 WHERE step_seconds = $2::int AND written_until = $3 RETURNING 1),
  old AS (
    DELETE FROM session_health USING progress WHERE step_seconds = $1::int AND at >= $3 AND at < $4 RETURNING session_health.*)
  INSERT INTO session_health
    (session_id, step_seconds, at, samples, video_bits_per_second, audio_bits_per_second, frame_rate, keyframe_interval_ms, drift_ms,
     dropped_frames, held_frames, timestamp_jumps, viewers)
  SELECT session_id, $2::int, to_timestamp(floor(extract(epoch FROM at) / $2::int) * $2::int), sum(samples),
    sum(video_bits_per_second * samples) / sum(samples), sum(audio_bits_per_second * samples) / sum(samples),
    sum(frame_rate * samples) / sum(samples),
    sum(keyframe_interval_ms * samples) / sum(samples) FILTER (WHERE keyframe_interval_ms IS NOT NULL),
    sum(drift_ms * samples) / sum(samples) FILTER (WHERE drift_ms IS NOT NULL),
    sum(dropped_frames), sum(held_frames), sum(timestamp_jumps),
    round(sum(viewers::float8 * samples) / sum(samples) FILTER (WHERE viewers IS NOT NULL))
  FROM old GROUP BY 1, 3
  ON CONFLICT DO NOTHING`;

@Injectable()
export class SessionHealthTable {
  constructor(private readonly database: Database) {}

  /** How far steps of this length are written. @param begin where that begins when nothing is written yet */
  async writtenUntil(stepSeconds: number, begin: Date): Promise<Date> {
    const known = await this.progressOf(stepSeconds);
    if (known !== undefined) return known;
    return this.database.run(async (manager) => {
      await manager.query(`INSERT INTO session_health_progress VALUES ($1, $2) ON CONFLICT DO NOTHING`, [
        stepSeconds,
        begin,
      ]);
      return (await manager.findOneByOrFail(SessionHealthProgressEntity, { stepSeconds })).writtenUntil;
    });
  }

  /** Undefined: nothing is written yet. */
  async progressOf(stepSeconds: number): Promise<Date | undefined> {
    const row = await this.database.run((manager) => manager.findOneBy(SessionHealthProgressEntity, { stepSeconds }));
    return row?.writtenUntil;
  }

  /** The sessions that may have been sent something since then. */
  async sessionsSince(since: Date): Promise<string[]> {
    const rows = await this.database.run((manager) =>
      manager.query<{ id: string }[]>(
        `SELECT id FROM sessions WHERE ended_at IS NULL UNION ALL SELECT id FROM sessions WHERE ended_at >= $1`,
        [since],
      ),
    );
    return rows.map(({ id }) => id);
  }

  /** Of these sessions those that are open, with the playback ids that their viewers use: a row for each id. */
  async playbackIdsOf(sessionIds: readonly string[]): Promise<{ sessionId: string; playbackId: string }[]> {
    return this.database.run((manager) =>
      manager.query(
        `SELECT sessions.id AS "sessionId", playback_ids.id AS "playbackId"
         FROM sessions JOIN playback_ids ON playback_ids.live_stream_id = sessions.live_stream_id
         WHERE sessions.id = ANY($1) AND ended_at IS NULL`,
        [sessionIds],
      ),
    );
  }

  /** Writes the minutes between two times, unless another gateway has. */
  async write(from: Date, to: Date, steps: readonly SessionStep[]): Promise<void> {
    const column = <T>(value: (step: SessionStep) => T): T[] => steps.map(value);
    await this.database.run((manager) =>
      manager.query(WRITE, [
        MINUTE_SECONDS,
        from,
        to,
        column(({ sessionId }) => sessionId),
        column(({ atMs }) => atMs),
        column(({ samples }) => samples),
        column(({ videoBitsPerSecond }) => videoBitsPerSecond),
        column(({ audioBitsPerSecond }) => audioBitsPerSecond),
        column(({ frameRate }) => frameRate),
        column(({ keyframeIntervalMs }) => keyframeIntervalMs),
        column(({ driftMs }) => driftMs),
        column(({ droppedFrames }) => droppedFrames),
        column(({ heldFrames }) => heldFrames),
        column(({ timestampJumps }) => timestampJumps),
        column(({ viewers }) => viewers),
      ]),
    );
  }

  /** Joins the minutes between two times to steps of five, unless another gateway has. */
  async coarsen(from: Date, to: Date): Promise<void> {
    await this.database.run((manager) => manager.query(COARSEN, [MINUTE_SECONDS, FIVE_MINUTES_SECONDS, from, to]));
  }

  async deleteBefore(stepSeconds: number, before: Date): Promise<void> {
    let found: number;
    do {
      found = await this.database.run((manager) => deleteSome(manager, stepSeconds, before));
    } while (found === DELETED_AT_ONCE);
  }

  /** The steps of a session that begin at or after `from` and before `to`, of every length, oldest first. */
  async read(sessionId: string, from: Date, to: Date): Promise<(HealthStep & { readonly stepSeconds: number })[]> {
    return this.database.run((manager) =>
      manager.query(
        `SELECT step_seconds AS "stepSeconds", (extract(epoch FROM at) * 1000)::float8 AS "atMs", samples,
           video_bits_per_second AS "videoBitsPerSecond", audio_bits_per_second AS "audioBitsPerSecond", frame_rate AS "frameRate",
           keyframe_interval_ms AS "keyframeIntervalMs", drift_ms AS "driftMs", dropped_frames::float8 AS "droppedFrames",
           held_frames::float8 AS "heldFrames", timestamp_jumps::float8 AS "timestampJumps", viewers
         FROM session_health WHERE session_id = $1 AND at >= $2 AND at < $3 ORDER BY at`,
        [sessionId, from, to],
      ),
    );
  }
}

async function deleteSome(manager: EntityManager, stepSeconds: number, before: Date): Promise<number> {
  const [, deleted] = await manager.query<[unknown[], number]>(
    `DELETE FROM session_health WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM session_health WHERE step_seconds = $1 AND at < $2 LIMIT $3))`,
    [stepSeconds, before, DELETED_AT_ONCE],
  );
  return deleted;
}
