// Links that work once. Only a keyed hash of what they contain is kept, and the use of a link deletes its row: of two uses at
// the same time, one finds it.
import { Injectable } from '@nestjs/common';
import { isSecretKey, newSecretKey } from '@millrace/domain';
import { MoreThan } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { KeyHasher } from '../auth/key-hasher.ts';
import { OneTimeLinkEntity } from './one-time-link.entity.ts';
import type { LinkKind } from './one-time-link.entity.ts';

/** The owner of a link: one of them is set. */
export interface LinkOwner {
  readonly userId: string | null;
  readonly apiKeyId: string | null;
  readonly operatorKeyHash: Buffer | null;
}

export const linkOfUser = (userId: string): LinkOwner => ({ userId, apiKeyId: null, operatorKeyHash: null });

const prefixOf = (kind: LinkKind) => (kind === 'login' ? 'mr_lc' : 'mr_ul');

@Injectable()
export class OneTimeLinks {
  constructor(private readonly hasher: KeyHasher) {}

  /** @returns what the link contains: known only to those who have the link */
  async make(manager: EntityManager, kind: LinkKind, owner: LinkOwner, expiresAt: Date): Promise<string> {
    const secret = newSecretKey(prefixOf(kind));
    const { userId, apiKeyId, operatorKeyHash } = owner;
    const row = { hash: this.hasher.hash(secret), kind, userId, apiKeyId, operatorKeyHash, expiresAt };
    await manager.insert(OneTimeLinkEntity, row);
    return secret;
  }

  /** @returns undefined when there is no such link (any more) */
  async find(
    manager: EntityManager,
    kinds: readonly LinkKind[],
    secret: string,
  ): Promise<OneTimeLinkEntity | undefined> {
    if (!isWellFormed(kinds, secret)) return undefined;
    const where = { hash: this.hasher.hash(secret), expiresAt: MoreThan(new Date()) };
    const row = await manager.findOneBy(OneTimeLinkEntity, where);
    return row !== null && kinds.includes(row.kind) ? row : undefined;
  }

  /** @returns undefined when there is no such link (any more) */
  async use(
    manager: EntityManager,
    kinds: readonly LinkKind[],
    secret: string,
  ): Promise<OneTimeLinkEntity | undefined> {
    const row = await this.find(manager, kinds, secret);
    if (row === undefined) return undefined;
    const { affected } = await manager.delete(OneTimeLinkEntity, { hash: row.hash });
    return affected === 1 ? row : undefined;
  }

  async forgetOfUser(manager: EntityManager, userId: string): Promise<void> {
    await manager.delete(OneTimeLinkEntity, { userId });
  }
}

const isWellFormed = (kinds: readonly LinkKind[], secret: string): boolean =>
  kinds.some((kind) => isSecretKey(prefixOf(kind), secret));
