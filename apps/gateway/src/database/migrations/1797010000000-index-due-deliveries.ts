import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Gateways look for deliveries that are due: those of an endpoint that fails are many, and most of them are not. */
export class IndexDueDeliveries1797010000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, next_attempt_at) WHERE status = 'pending'`,
    );
    await runner.query('DROP INDEX webhook_deliveries_pending');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (endpoint_id, position) WHERE status = 'pending'`,
    );
    await runner.query('DROP INDEX webhook_deliveries_due');
  }
}
