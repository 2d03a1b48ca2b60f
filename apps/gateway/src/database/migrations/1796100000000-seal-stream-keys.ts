import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Stream keys sealed beside their hashes, for encoders that prove them by a digest. Empty for keys that there are already, and for
 * those that a gateway of the version before makes while this one runs: they work on as keys, and are rotated to be used like this.
 */
export class SealStreamKeys1796100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE stream_keys ADD COLUMN sealed bytea');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE stream_keys DROP COLUMN sealed');
  }
}
