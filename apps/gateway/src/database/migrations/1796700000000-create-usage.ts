import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What tenants have used. While an hour can still change, each process that counted has rows of its own, so that an amount can be written
 * again and again; later they are added up into rows of the nil UUID.
 */
export class CreateUsage1796700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE usage_amounts (
         tenant_id text COLLATE "C" NOT NULL REFERENCES tenants ON DELETE CASCADE,
         hour integer NOT NULL,
         live_stream_id text COLLATE "C" NOT NULL,
         kind text COLLATE "C" NOT NULL,
         protocol text COLLATE "C" NOT NULL,
         source uuid NOT NULL,
         amount double precision NOT NULL,
         PRIMARY KEY (tenant_id, hour, live_stream_id, kind, protocol, source))`,
    );
    await runner.query(`CREATE INDEX usage_amounts_by_hour ON usage_amounts (hour)`);
    await runner.query(
      `CREATE INDEX usage_amounts_by_source ON usage_amounts (hour)
       WHERE source <> '00000000-0000-0000-0000-000000000000'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE usage_amounts');
  }
}
