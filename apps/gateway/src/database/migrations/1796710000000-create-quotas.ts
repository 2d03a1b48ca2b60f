import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Quotas that a tenant may have besides those of its first day (null: unlimited), and what it was told of each quota last. */
export class CreateQuotas1796710000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE tenants
         ADD COLUMN max_ingest_bits_per_second bigint CHECK (max_ingest_bits_per_second >= 0),
         ADD COLUMN max_egress_bytes_per_month bigint CHECK (max_egress_bytes_per_month >= 0)`,
    );
    await runner.query(
      `CREATE TABLE quota_levels (
         tenant_id text COLLATE "C" NOT NULL REFERENCES tenants ON DELETE CASCADE,
         quota text COLLATE "C" NOT NULL,
         level smallint NOT NULL CHECK (level IN (0, 80, 100)),
         changed_at timestamptz NOT NULL,
         PRIMARY KEY (tenant_id, quota))`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE quota_levels');
    await runner.query(
      `ALTER TABLE tenants DROP COLUMN max_ingest_bits_per_second, DROP COLUMN max_egress_bytes_per_month`,
    );
  }
}
