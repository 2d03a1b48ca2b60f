import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Passphrases of SRT, sealed. Keys that there are have none. */
export class SealSrtPassphrases1798050000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE stream_keys ADD COLUMN srt_passphrase bytea');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE stream_keys DROP COLUMN srt_passphrase');
  }
}
