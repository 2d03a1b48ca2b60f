import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What tenants say of the tracks of sound of a stream. */
export class NameAudioTracks1798200000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE live_streams ADD COLUMN audio_tracks jsonb NOT NULL DEFAULT '[]'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE live_streams DROP COLUMN audio_tracks`);
  }
}
