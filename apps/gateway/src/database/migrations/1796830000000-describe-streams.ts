import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What tenants keep with a stream, how long its sessions may last, and where its keys may be used. */
export class DescribeStreams1796830000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE live_streams ADD metadata jsonb NOT NULL DEFAULT '{}', ADD max_duration_ms bigint`);
    await runner.query(`ALTER TABLE stream_keys ADD allowed_addresses text[] NOT NULL DEFAULT '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE live_streams DROP metadata, DROP max_duration_ms');
    await runner.query('ALTER TABLE stream_keys DROP allowed_addresses');
  }
}
