import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How many viewers a tenant, and each of its streams, may have; null: unlimited. */
export class LimitViewers1797020020000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE tenants ADD max_viewers integer, ADD max_viewers_per_stream integer');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE tenants DROP max_viewers, DROP max_viewers_per_stream');
  }
}
