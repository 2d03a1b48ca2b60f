import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Keys that are about to expire are looked for each minute. */
export class IndexExpiringKeys1797050200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE INDEX stream_keys_expiring ON stream_keys (expires_at, id) WHERE expires_at IS NOT NULL AND revoked_at IS NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX stream_keys_expiring');
  }
}
