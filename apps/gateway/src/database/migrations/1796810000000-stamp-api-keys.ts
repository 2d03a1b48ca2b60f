import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When a key was last changed. Gateways of an earlier release, which know nothing of it, may still add keys: hence the default. */
export class StampApiKeys1796810000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE api_keys ADD updated_at timestamptz NOT NULL DEFAULT now()');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE api_keys DROP updated_at');
  }
}
