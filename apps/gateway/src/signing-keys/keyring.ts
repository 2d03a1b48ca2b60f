// The signing secrets of tenants, in clear for as long as a signature takes.
import { Injectable } from '@nestjs/common';
import { isId, newId, newSecretKey } from '@millrace/domain';
import { IsNull } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { hintOf } from '../auth/key-hasher.ts';
import { SecretSeal } from '../auth/secret-seal.ts';
import { BoundedCache } from '../cache/bounded-cache.ts';
import { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import { appendEvent } from '../events/append-event.ts';
import { FactFinder, NotKnown } from '../known/fact-finder.ts';
import type { FactReader } from '../known/fact-finder.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { TenantEntity } from '../tenants/tenant.entity.ts';
import { signingKeyEvent } from './signing-key-event.ts';
import { SigningKeyEntity } from './signing-key.entity.ts';

export interface SigningSecret {
  readonly id: string;
  readonly secret: string;
}

/** What the key is called that is made for a tenant which has none. */
const FIRST_LABEL = 'default';
/** `last_used_at` is written at most once in this time per key and gateway. */
const LAST_USED_STEP_MS = 60_000;
const MAX_NOTED = 10_000;

@Injectable()
export class Keyring {
  readonly #notedAtMs = new BoundedCache<string, number>(MAX_NOTED);

  constructor(
    private readonly seal: SecretSeal,
    private readonly facts: FactFinder,
    private readonly known: KnownFacts,
    private readonly database: Database,
  ) {}

  /** The secrets of a tenant that are in force, the newest first. */
  async inForce(read: FactReader, tenantId: string): Promise<SigningSecret[]> {
    const fact = await read('signingKeys', tenantId);
    return (fact?.keys ?? []).map(({ id, sealed }) => ({
      id,
      secret: this.seal.open(Buffer.from(sealed, 'base64'), ownerOf(tenantId, id)),
    }));
  }

  /** The secret of one key, when it belongs to this tenant and is in force. */
  async find(read: FactReader, tenantId: string, keyId: string): Promise<string | undefined> {
    if (!isId('ten', tenantId) || !isId('sgk', keyId)) return undefined;
    return (await this.inForce(read, tenantId)).find(({ id }) => id === keyId)?.secret;
  }

  /**
   * The key that new signatures are made with: the newest. Makes one for a tenant that has none.
   *
   * @throws NotKnown when the database is away and no key is remembered
   */
  async newest(tenantId: string): Promise<SigningSecret> {
    const [newest] = await this.facts.look((read) => this.inForce(read, tenantId));
    return newest ?? (await this.#makeFirst(tenantId));
  }

  /** A new key of this tenant, written down. The caller counts, and holds the tenant's row. */
  async insert(manager: EntityManager, tenantId: string, label: string): Promise<SigningSecret & SigningKeyEntity> {
    const secret = newSecretKey('mr_sg');
    const id = newId('sgk');
    const row: SigningKeyEntity = {
      id,
      tenantId,
      sealed: this.seal.seal(secret, ownerOf(tenantId, id)),
      hint: hintOf(secret),
      label,
      createdAt: new Date(),
      revokedAt: null,
      lastUsedAt: null,
    };
    await manager.insert(SigningKeyEntity, row);
    await appendEvent(manager, signingKeyEvent('signing_key.created', row));
    return { ...row, secret };
  }

  /** It runs in the background, and a lost note does no harm: it tells which key is still in use before one is revoked. */
  noteUse(keyId: string, nowMs: number): void {
    if (nowMs - (this.#notedAtMs.get(keyId) ?? 0) < LAST_USED_STEP_MS) return;
    this.#notedAtMs.set(keyId, nowMs);
    this.database.runInBackground('record the use of a signing key', (manager) =>
      manager.update(SigningKeyEntity, { id: keyId }, { lastUsedAt: new Date(nowMs) }),
    );
  }

  async #makeFirst(tenantId: string): Promise<SigningSecret> {
    const made = await this.database
      .transaction(
        async (manager) => {
          const tenant = { id: tenantId };
          if (!(await manager.findOne(TenantEntity, { where: tenant, lock: { mode: 'for_no_key_update' } })))
            throw new NotKnown('there is no such tenant');
          // Another request may have been faster.
          const where = { tenantId, revokedAt: IsNull() };
          const found = await manager.findOne(SigningKeyEntity, { where, order: { id: 'DESC' } });
          if (found === null) return this.insert(manager, tenantId, FIRST_LABEL);
          return { id: found.id, secret: this.seal.open(found.sealed, ownerOf(tenantId, found.id)) };
        },
        { turn: tenantId, lane: 'control' },
      )
      .catch((error: unknown) => {
        throw error instanceof DatabaseUnavailable ? new NotKnown('no signing key is known', { cause: error }) : error;
      });
    await this.known.changed('signingKeys', tenantId);
    return { id: made.id, secret: made.secret };
  }
}

/** Ties a sealed secret to its row. */
const ownerOf = (tenantId: string, keyId: string): string => `${tenantId} ${keyId}`;
