import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Streams of older releases, and those that a gateway of an older release creates, have standard latency. */
export class AddLowLatency1797070000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE live_streams
         ADD COLUMN latency_mode text NOT NULL DEFAULT 'standard' CHECK (latency_mode IN ('standard', 'low')),
         ADD COLUMN part_duration_ms integer NOT NULL DEFAULT 500`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE live_streams DROP COLUMN latency_mode, DROP COLUMN part_duration_ms');
  }
}
