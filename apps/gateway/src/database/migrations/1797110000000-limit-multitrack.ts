import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What encoders of a stream are told to send at most. */
export class LimitMultitrack1797110000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE live_streams
         ADD COLUMN multitrack_max_tracks integer NOT NULL DEFAULT 4,
         ADD COLUMN multitrack_max_height integer NOT NULL DEFAULT 1080,
         ADD COLUMN multitrack_max_bits_per_second bigint NOT NULL DEFAULT 15000000`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE live_streams
         DROP COLUMN multitrack_max_tracks, DROP COLUMN multitrack_max_height, DROP COLUMN multitrack_max_bits_per_second`,
    );
  }
}
