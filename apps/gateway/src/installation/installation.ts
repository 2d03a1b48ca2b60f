// Facts that every gateway of one installation must agree on, kept in the database that they share.
import { Inject, Injectable } from '@nestjs/common';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { newId, newSecretKey } from '@millrace/domain';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import type { Logger, Readiness } from '@millrace/service-kit';
import { IsNull } from 'typeorm';
import { ApiKeyEntity } from '../api-keys/api-key.entity.ts';
import { hintOf, KeyHasher } from '../auth/key-hasher.ts';
import { OPERATOR_KEY_HASH } from '../auth/operator-key-hash.ts';
import { Database } from '../database/database.ts';
import { InstallationEntity } from './installation.entity.ts';
import { GATEWAY_LOGGER, READINESS } from '../ports/tokens.ts';

const PEPPER_FACT = 'key_pepper_fingerprint';
const WRONG_PEPPER = 'MILLRACE_KEY_PEPPER differs from the one with which the keys in this database were created';

/** A migration may take longer; then REST answers 503 until it is done. */
const MAX_START_WAIT_MS = 10_000;

@Injectable()
export class Installation implements OnModuleInit, OnModuleDestroy {
  #pepperFits = true;
  #stopping = false;

  constructor(
    private readonly database: Database,
    private readonly hasher: KeyHasher,
    @Inject(OPERATOR_KEY_HASH) private readonly operatorKeyHash: Buffer | undefined,
    @Inject(LIVE_STORE) private readonly store: LiveStore,
    @Inject(READINESS) private readonly readiness: Readiness,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  /** Without PostgreSQL viewers and known keys go on: it is asked once before the server listens, and no part of readiness. */
  async onModuleInit(): Promise<void> {
    this.readiness.add('live_store', () => this.store.isReady() || 'cannot be reached');
    this.readiness.add('database_schema', () => this.database.faultOfSchema ?? true);
    this.readiness.add('key_pepper', () => this.#pepperFits || WRONG_PEPPER);
    this.database.start();
    void this.#checkPepper();
    await this.database.firstAttempt(MAX_START_WAIT_MS);
  }

  onModuleDestroy(): void {
    this.#stopping = true;
  }

  /**
   * Makes the operator's key, unless the settings give one or there is one. Waits for PostgreSQL.
   *
   * @returns the key, the one time that it is made
   */
  async ensureOperatorKey(): Promise<string | undefined> {
    if (this.operatorKeyHash !== undefined) return undefined;
    await this.database.whenUp();
    const key = newSecretKey('mr_op');
    const made = await this.database.transaction(async (manager) => {
      await manager.query(`LOCK TABLE api_keys IN SHARE ROW EXCLUSIVE MODE`);
      if (await manager.existsBy(ApiKeyEntity, { tenantId: IsNull() })) return false;
      const row = { id: newId('key'), tenantId: null, hash: this.hasher.hash(key), hint: hintOf(key) };
      const use = { createdAt: new Date(), expiresAt: null, lastUsedAt: null, lastUsedAddress: null };
      const rights = { scopes: ['*'], allowedAddresses: [] };
      await manager.insert(ApiKeyEntity, { ...row, ...use, ...rights, label: 'operator' });
      return true;
    });
    return made ? key : undefined;
  }

  /** With another pepper no key fits: better not ready than refusing every caller. */
  async #checkPepper(): Promise<void> {
    await this.database.whenUp();
    const mine = this.hasher.fingerprint();
    try {
      const kept = await this.database.run(async (manager) => {
        await manager
          .createQueryBuilder()
          .insert()
          .into(InstallationEntity)
          .values({ name: PEPPER_FACT, value: () => ':fingerprint::jsonb' })
          .setParameter('fingerprint', JSON.stringify(mine))
          .orIgnore()
          .execute();
        return manager.findOneByOrFail(InstallationEntity, { name: PEPPER_FACT });
      });
      this.#pepperFits = kept.value === mine;
      if (!this.#pepperFits) this.logger.error(WRONG_PEPPER);
    } catch (error) {
      if (this.#stopping) return;
      this.logger.warn({ err: error }, 'could not compare the key pepper; trying again when PostgreSQL is back');
      if (!this.database.isUp) void this.#checkPepper();
    }
  }
}
