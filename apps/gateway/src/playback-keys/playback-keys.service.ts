import { Inject, Injectable } from '@nestjs/common';
import { newId } from '@millrace/domain';
import { IsNull, Not } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { recordChange } from '../audit/record-change.ts';
import { listScope, notFound, ownedBy, turnOf } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { appendEvent } from '../events/append-event.ts';
import type { NewEvent } from '../events/append-event.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page } from '../http/pages.ts';
import { ProblemError } from '../http/problem-error.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { PLAYBACK_TOKEN_CODE_LIMITS } from '../playback-tokens/playback-token-limits.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { lockTenant, tenantFor } from '../tenants/tenant-choice.ts';
import { importPublicKey, newKeyPair } from './key-pairs.ts';
import { PlaybackKeyEntity } from './playback-key.entity.ts';
import { writePlaybackKey } from './playback-keys.dto.ts';
import type {
  CreatePlaybackKeyBody,
  ListPlaybackKeysQuery,
  PlaybackKeyAnswer,
  PlaybackKeyWithPrivateKey,
} from './playback-keys.dto.ts';

@Injectable()
export class PlaybackKeysService {
  constructor(
    private readonly database: Database,
    private readonly known: KnownFacts,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  async create(caller: Principal, body: CreatePlaybackKeyBody): Promise<PlaybackKeyWithPrivateKey> {
    const tenantId = tenantFor(caller, body.tenant_id);
    const { privateKey, ...pair } = keyPairOf(body);
    const row: PlaybackKeyEntity = {
      id: newId('pky'),
      tenantId,
      label: body.name,
      algorithm: pair.algorithm,
      publicJwk: pair.jwk,
      origin: privateKey === null ? 'imported' : 'generated',
      createdAt: new Date(),
      revokedAt: null,
      lastUsedAt: null,
    };
    const max = this.settings.maxPlaybackKeysPerTenant;
    await this.database.transaction(
      async (manager) => {
        await lockTenant(manager, tenantId);
        if ((await manager.countBy(PlaybackKeyEntity, { tenantId, revokedAt: IsNull() })) >= max)
          throw new ProblemError('quota_exceeded', `A tenant can have at most ${max} active playback keys.`);
        await forgetRevokedKeys(manager, tenantId);
        await manager.insert(PlaybackKeyEntity, row);
        await appendEvent(manager, keyEvent('playback_key.created', row));
        await recordChange(manager, caller, { tenantId, objectId: row.id, after: writePlaybackKey(row) });
      },
      { turn: turnOf(caller, tenantId) },
    );
    await this.known.changed('playbackKeys', tenantId);
    return { ...writePlaybackKey(row), private_key: privateKey };
  }

  async list(caller: Principal, query: ListPlaybackKeysQuery): Promise<Page<PlaybackKeyAnswer>> {
    const { before, order, take } = pageFind('playbackKey', query);
    const where = { ...before, ...listScope(caller, query.tenant_id) };
    const rows = await this.database.run((manager) => manager.find(PlaybackKeyEntity, { where, order, take }));
    return toPage(rows, query.limit, writePlaybackKey);
  }

  async read(caller: Principal, id: string): Promise<PlaybackKeyAnswer> {
    return writePlaybackKey(await this.#find(caller, id));
  }

  /** For good. Doing it again changes nothing. */
  async revoke(caller: Principal, id: string): Promise<void> {
    const row = await this.#find(caller, id);
    await this.database.transaction(async (manager) => {
      const revokedAt = new Date();
      const { affected } = await manager.update(PlaybackKeyEntity, { id, revokedAt: IsNull() }, { revokedAt });
      if (affected !== 1) return;
      await appendEvent(manager, keyEvent('playback_key.deleted', { ...row, revokedAt }));
      await recordChange(manager, caller, { tenantId: row.tenantId, objectId: id, before: writePlaybackKey(row) });
    });
    await this.known.changed('playbackKeys', row.tenantId);
  }

  async #find(caller: Principal, id: string): Promise<PlaybackKeyEntity> {
    const row = await this.database.run((manager) => manager.findOneBy(PlaybackKeyEntity, { id, ...ownedBy(caller) }));
    if (row === null) throw notFound();
    return row;
  }
}

function keyPairOf({ algorithm, public_key: pem, public_jwk: jwk }: CreatePlaybackKeyBody) {
  if (pem !== undefined && jwk !== undefined)
    throw faulty('/public_jwk', 'is given beside public_key: send one of them');
  const given = pem ?? jwk;
  if (given === undefined) return newKeyPair(algorithm ?? 'EdDSA');
  const pointer = pem === undefined ? '/public_jwk' : '/public_key';
  const imported = importPublicKey(typeof given === 'string' ? given : withoutUndefined(given));
  if ('fault' in imported) throw faulty(pointer, imported.fault);
  if (algorithm !== undefined && algorithm !== imported.algorithm)
    throw faulty('/algorithm', `is not that of the key, which is ${imported.algorithm}`);
  return { ...imported, privateKey: null };
}

const withoutUndefined = (jwk: NonNullable<CreatePlaybackKeyBody['public_jwk']>) => ({
  kty: jwk.kty,
  crv: jwk.crv,
  x: jwk.x,
  ...(jwk.y !== undefined && { y: jwk.y }),
  ...(jwk.d !== undefined && { d: jwk.d }),
});

const faulty = (pointer: string, detail: string): ProblemError =>
  new ProblemError('invalid_request', 'The request is invalid; `errors` lists the problems.', {
    errors: [{ pointer, detail }],
  });

const keyEvent = (type: 'playback_key.created' | 'playback_key.deleted', row: PlaybackKeyEntity): NewEvent => ({
  type,
  tenantId: row.tenantId,
  objectId: row.id,
  object: writePlaybackKey(row),
});

async function forgetRevokedKeys(manager: EntityManager, tenantId: string): Promise<void> {
  const surplus = await manager.find(PlaybackKeyEntity, {
    where: { tenantId, revokedAt: Not(IsNull()) },
    order: { id: 'DESC' },
    skip: PLAYBACK_TOKEN_CODE_LIMITS.keptRevokedKeys,
  });
  const ids = surplus.map(({ id }) => id);
  if (ids.length > 0) await manager.delete(PlaybackKeyEntity, ids);
}
