import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tenants without public playback, and restrictions that hold for each request. */
export class RequireSignedPlayback1797020010000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE tenants ADD require_signed_playback boolean NOT NULL DEFAULT false');
    await runner.query('ALTER TABLE playback_restrictions ADD strict boolean NOT NULL DEFAULT false');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE playback_restrictions DROP strict');
    await runner.query('ALTER TABLE tenants DROP require_signed_playback');
  }
}
