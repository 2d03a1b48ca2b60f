import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Users who log in at an identity provider. */
export class LogInByOidc1797060010000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE users ADD COLUMN oidc_subject text COLLATE "C", ADD COLUMN oidc_managed boolean NOT NULL DEFAULT false`,
    );
    await runner.query('CREATE INDEX users_oidc_subject ON users (oidc_subject) WHERE oidc_subject IS NOT NULL');
    await runner.query('CREATE TABLE oidc_logins (hash bytea PRIMARY KEY, expires_at timestamptz NOT NULL)');
    await runner.query('CREATE INDEX oidc_logins_expires_at ON oidc_logins (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE oidc_logins');
    await runner.query('ALTER TABLE users DROP COLUMN oidc_managed, DROP COLUMN oidc_subject');
  }
}
