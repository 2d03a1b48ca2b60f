import { Inject, Injectable } from '@nestjs/common';
import { newId, newSecretKey } from '@millrace/domain';
import { IsNull, LessThan, MoreThan, Not } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { recordChange } from '../audit/record-change.ts';
import { hintOf, KeyHasher } from '../auth/key-hasher.ts';
import { SrtPassphraseSeal, StreamKeySeal } from '../auth/secret-seal.ts';
import { notFound, turnOf } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { appendEvent } from '../events/append-event.ts';
import type { NewEvent } from '../events/append-event.ts';
import type { EventType } from '../events/event-types.ts';
import { requireMatch } from '../etags/entity-tag.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page } from '../http/pages.ts';
import { ProblemError } from '../http/problem-error.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import { KeyExpiries } from './key-expiries.ts';
import { PublisherCuts } from '../publisher-cuts/publisher-cuts.ts';
import type { GatewaySettings } from '../settings.ts';
import { findStream } from '../streams/find-stream.ts';
import type { LiveStreamEntity } from '../streams/live-stream.entity.ts';
import { StreamKeyEntity } from './stream-key.entity.ts';
import { streamKeyObject, writeStreamKey, writeStreamKeyWithSecret } from './stream-keys.dto.ts';
import type {
  CreateStreamKeyBody,
  ListStreamKeysQuery,
  RotateStreamKeyBody,
  StreamKeyAnswer,
  StreamKeyWithSecret,
} from './stream-keys.dto.ts';

const MS = 1_000;
/** So many keys of a stream that are no longer in force are kept, to tell their users why they are refused. */
const KEPT_DEAD_KEYS = 100;

@Injectable()
export class StreamKeysService {
  constructor(
    private readonly database: Database,
    private readonly hasher: KeyHasher,
    private readonly seal: StreamKeySeal,
    private readonly passphrases: SrtPassphraseSeal,
    private readonly known: KnownFacts,
    private readonly cuts: PublisherCuts,
    private readonly expiries: KeyExpiries,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  async create(caller: Principal, streamId: string, body: CreateStreamKeyBody): Promise<StreamKeyWithSecret> {
    const expiresAt = body.expires_at === null ? null : new Date(body.expires_at);
    return this.database.transaction(
      async (manager) => {
        const stream = await findStream(manager, caller, streamId, true);
        await this.#checkCount(manager, streamId);
        await forgetDeadKeys(manager, streamId);
        const allowedAddresses = [...new Set(body.allowed_addresses)];
        const { row, answer } = await this.#insert(manager, stream, {
          label: body.name,
          allowedAddresses,
          expiresAt,
          srtPassphrase: body.srt_passphrase,
        });
        await appendEvent(manager, keyEvent('stream_key.created', row));
        await recordChange(manager, caller, { ...placeOf(row), after: streamKeyObject(row) });
        return answer;
      },
      { turn: turnOf(caller, streamId) },
    );
  }

  async list(caller: Principal, streamId: string, query: ListStreamKeysQuery): Promise<Page<StreamKeyAnswer>> {
    const { before, order, take } = pageFind('streamKey', query);
    const rows = await this.database.run(async (manager) => {
      await findStream(manager, caller, streamId);
      return manager.find(StreamKeyEntity, { where: { ...before, liveStreamId: streamId }, order, take });
    });
    return toPage(rows, query.limit, writeStreamKey);
  }

  async read(caller: Principal, streamId: string, id: string): Promise<StreamKeyAnswer> {
    return writeStreamKey(await this.database.run((manager) => findKey(manager, caller, streamId, id)));
  }

  /** Shows the secret of a key that can still be used. */
  async reveal(caller: Principal, streamId: string, id: string): Promise<StreamKeyWithSecret> {
    const row = await this.database.transaction(async (manager) => {
      const found = await findKey(manager, caller, streamId, id);
      if (found.revokedAt !== null) throw new ProblemError('conflict', 'This key was revoked: create a new one.');
      await recordChange(manager, caller, placeOf(found));
      return found;
    });
    if (row.sealed === null)
      throw new ProblemError('conflict', 'This key was created before secrets were kept: rotate it to get a new one.');
    return this.#withSecret(row, this.seal.open(row.sealed, id));
  }

  /** Revokes for good; who publishes with the key is cut. Doing it again changes nothing. */
  async revoke(caller: Principal, streamId: string, id: string): Promise<void> {
    const row = await this.database.transaction(
      async (manager) => {
        await findStream(manager, caller, streamId, true);
        const found = await findKey(manager, caller, streamId, id);
        requireMatch(caller, writeStreamKey(found));
        refuseKeyOfSource(found);
        const unrevoked = { id, revokedAt: IsNull() };
        const revokedAt = new Date();
        const { affected } = await manager.update(StreamKeyEntity, unrevoked, { revokedAt });
        if (affected === 1) await appendEvent(manager, keyEvent('stream_key.revoked', { ...found, revokedAt }));
        await recordChange(manager, caller, { ...placeOf(found), before: streamKeyObject(found) });
        return found;
      },
      { turn: turnOf(caller, streamId) },
    );
    await this.known.changed('keys', row.hash.toString('hex'));
    await this.cuts.cutKey(streamId, id, 'key_revoked');
  }

  /** Makes a new key beside the old one, which goes on working for the grace period. */
  async rotate(
    caller: Principal,
    streamId: string,
    id: string,
    { grace_seconds: graceSeconds, srt_passphrase: given }: RotateStreamKeyBody,
  ): Promise<StreamKeyWithSecret> {
    const now = Date.now();
    const end = new Date(now + graceSeconds * MS);
    const { old, made } = await this.database.transaction(
      async (manager) => {
        const stream = await findStream(manager, caller, streamId, true);
        const old = await findKey(manager, caller, streamId, id);
        if (old.revokedAt !== null || (old.expiresAt !== null && old.expiresAt.getTime() <= now))
          throw new ProblemError('conflict', 'This key is no longer valid: create a new one.');
        refuseKeyOfSource(old);
        if (old.expiresAt === null || old.expiresAt > end)
          await manager.update(StreamKeyEntity, { id }, { expiresAt: end });
        if (graceSeconds > 0) await this.#checkCount(manager, streamId);
        const kept = old.srtPassphrase === null ? null : this.passphrases.open(old.srtPassphrase, id);
        const srtPassphrase = given === undefined ? kept : given;
        const { row, answer } = await this.#insert(manager, stream, { ...old, expiresAt: null, srtPassphrase });
        await appendEvent(manager, keyEvent('stream_key.rotated', row, id));
        const [before, after] = [streamKeyObject(old), streamKeyObject(row)];
        await recordChange(manager, caller, { ...placeOf(old), before, after });
        return { old, made: answer };
      },
      { turn: turnOf(caller, streamId) },
    );
    await this.known.changed('keys', old.hash.toString('hex'));
    if (graceSeconds === 0) await this.cuts.cutKey(streamId, id, 'key_expired');
    else this.expiries.expect(streamId, id, Math.min(old.expiresAt?.getTime() ?? Infinity, end.getTime()));
    return made;
  }

  async #insert(
    manager: EntityManager,
    stream: LiveStreamEntity,
    {
      label,
      allowedAddresses,
      expiresAt,
      srtPassphrase,
    }: Pick<StreamKeyEntity, 'label' | 'allowedAddresses' | 'expiresAt'> & { readonly srtPassphrase: string | null },
  ): Promise<{ readonly row: StreamKeyEntity; readonly answer: StreamKeyWithSecret }> {
    const secret = newSecretKey('mr_st');
    const id = newId('skey');
    const row: StreamKeyEntity = {
      id,
      tenantId: stream.tenantId,
      liveStreamId: stream.id,
      hash: this.hasher.hash(secret),
      sealed: this.seal.seal(secret, id),
      srtPassphrase: srtPassphrase === null ? null : this.passphrases.seal(srtPassphrase, id),
      ingestSourceId: null,
      hint: hintOf(secret),
      label,
      allowedAddresses,
      createdAt: new Date(),
      expiresAt,
      revokedAt: null,
      lastUsedAt: null,
    };
    await manager.insert(StreamKeyEntity, row);
    return { row, answer: this.#withSecret(row, secret) };
  }

  #withSecret(row: StreamKeyEntity, secret: string): StreamKeyWithSecret {
    const { publicRtmpUrl, rtmpLoginApps } = this.settings;
    return writeStreamKeyWithSecret(row, secret, { publicRtmpUrl, rtmpLoginApps });
  }

  async #checkCount(manager: EntityManager, streamId: string): Promise<void> {
    const alive = { liveStreamId: streamId, revokedAt: IsNull(), ingestSourceId: IsNull() };
    const count = await manager.countBy(StreamKeyEntity, [
      { ...alive, expiresAt: IsNull() },
      { ...alive, expiresAt: MoreThan(new Date()) },
    ]);
    const max = this.settings.maxKeysPerStream;
    if (count >= max) throw new ProblemError('quota_exceeded', `A live stream can have at most ${max} active keys.`);
  }
}

const placeOf = ({ tenantId, id }: StreamKeyEntity) => ({ tenantId, objectId: id });

/** Events of a key belong to those of its stream. @param replaces the id of the key that it takes the place of */
export const keyEvent = (type: EventType, row: StreamKeyEntity, replaces?: string): NewEvent => ({
  type,
  tenantId: row.tenantId,
  objectId: row.liveStreamId,
  object: { ...writeStreamKey(row), ...(replaces !== undefined && { replaces }) },
});

async function findKey(
  manager: EntityManager,
  caller: Principal,
  streamId: string,
  id: string,
): Promise<StreamKeyEntity> {
  await findStream(manager, caller, streamId);
  const row = await manager.findOneBy(StreamKeyEntity, { id, liveStreamId: streamId });
  if (row === null) throw notFound();
  return row;
}

/** The key of a source goes with the source. */
function refuseKeyOfSource({ ingestSourceId, revokedAt }: StreamKeyEntity): void {
  if (ingestSourceId !== null && revokedAt === null)
    throw new ProblemError(
      'conflict',
      `This key belongs to the ingest source ${ingestSourceId}: disable or delete that instead.`,
    );
}

/** Deletes the oldest of too many keys that are no longer in force. */
async function forgetDeadKeys(manager: EntityManager, streamId: string): Promise<void> {
  const ofStream = { liveStreamId: streamId };
  const surplus = await manager.find(StreamKeyEntity, {
    where: [
      { ...ofStream, revokedAt: Not(IsNull()) },
      { ...ofStream, expiresAt: LessThan(new Date()) },
    ],
    order: { id: 'DESC' },
    skip: KEPT_DEAD_KEYS,
  });
  if (surplus.length > 0)
    await manager.delete(
      StreamKeyEntity,
      surplus.map(({ id }) => id),
    );
}
