import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A deleted tenant is kept for a time, suspended, which is also what a gateway of the release before takes it for. */
export class KeepDeletedTenants1797050100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE tenants ADD deleted_at timestamptz, ADD purge_at timestamptz');
    await runner.query('CREATE INDEX tenants_to_purge ON tenants (purge_at) WHERE purge_at IS NOT NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX tenants_to_purge');
    await runner.query('ALTER TABLE tenants DROP deleted_at, DROP purge_at');
  }
}
