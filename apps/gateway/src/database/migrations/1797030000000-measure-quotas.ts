import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How much of their quotas tenants use, as each process has measured it last: of the last seconds only, so it need not outlive a crash of
 * PostgreSQL. And how fast each tenant may use the API (null: as the settings say).
 */
export class MeasureQuotas1797030000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE UNLOGGED TABLE quota_readings (
         tenant_id text COLLATE "C" NOT NULL REFERENCES tenants ON DELETE CASCADE,
         quota text COLLATE "C" NOT NULL,
         source uuid NOT NULL,
         used double precision NOT NULL,
         measured_at timestamptz NOT NULL,
         PRIMARY KEY (tenant_id, quota, source)) WITH (fillfactor = 70)`,
    );
    await runner.query(
      `ALTER TABLE tenants
         ADD COLUMN max_api_reads_per_second integer CHECK (max_api_reads_per_second > 0),
         ADD COLUMN max_api_writes_per_second integer CHECK (max_api_writes_per_second > 0)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE quota_readings');
    await runner.query(
      `ALTER TABLE tenants DROP COLUMN max_api_reads_per_second, DROP COLUMN max_api_writes_per_second`,
    );
  }
}
