import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a key may do, and from where. The defaults are for the release before this one, which inserts rows without these columns. */
export class RestrictApiKeys1796500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE api_keys
         ADD COLUMN scopes text[] COLLATE "C" NOT NULL DEFAULT '{*}',
         ADD COLUMN allowed_addresses text[] COLLATE "C" NOT NULL DEFAULT '{}',
         ADD COLUMN last_used_address text`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE api_keys DROP COLUMN scopes, DROP COLUMN allowed_addresses, DROP COLUMN last_used_address',
    );
  }
}
