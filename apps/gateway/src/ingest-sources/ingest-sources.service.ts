import { Inject, Injectable } from '@nestjs/common';
import { CONTROL_PLANE, sourceProtocolOf } from '@millrace/control';
import type { ControlPlane } from '@millrace/control';
import { newId, newSecretKey } from '@millrace/domain';
import { LIVE_STORE, LiveStoreError } from '@millrace/live-store';
import type { HeldSource, LiveStore } from '@millrace/live-store';
import { OutboundAddresses } from '@millrace/service-kit';
import { IsNull } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { recordChange } from '../audit/record-change.ts';
import { hintOf, KeyHasher } from '../auth/key-hasher.ts';
import { notFound, turnOf } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { IngestSourceSeal, StreamKeySeal } from '../auth/secret-seal.ts';
import { Database } from '../database/database.ts';
import { requireMatch, timeOfChange } from '../etags/entity-tag.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page } from '../http/pages.ts';
import { appendEvent } from '../events/append-event.ts';
import { ProblemError } from '../http/problem-error.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import { PublisherCuts } from '../publisher-cuts/publisher-cuts.ts';
import type { GatewaySettings } from '../settings.ts';
import { StreamKeyEntity } from '../stream-keys/stream-key.entity.ts';
import { findStream } from '../streams/find-stream.ts';
import { lockTenant } from '../tenants/tenant-choice.ts';
import { IngestSourceEntity } from './ingest-source.entity.ts';
import { ingestSourceEvent, sourceObject, writeIngestSource } from './ingest-sources.dto.ts';
import type {
  CreateIngestSourceBody,
  IngestSourceAnswer,
  ListIngestSourcesQuery,
  UpdateIngestSourceBody,
} from './ingest-sources.dto.ts';
import { checkSourceCredentials, isOfOneSource, readSourceAddress } from './source-address.ts';
import type { SourceCredentials } from './source-address.ts';

@Injectable()
export class IngestSourcesService {
  readonly #addresses: OutboundAddresses;

  constructor(
    private readonly database: Database,
    private readonly seal: IngestSourceSeal,
    private readonly keySeal: StreamKeySeal,
    private readonly hasher: KeyHasher,
    private readonly known: KnownFacts,
    private readonly cuts: PublisherCuts,
    @Inject(LIVE_STORE) private readonly store: LiveStore,
    @Inject(CONTROL_PLANE) private readonly control: ControlPlane,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {
    this.#addresses = new OutboundAddresses(
      settings.pullAllowedAddresses,
      undefined,
      'MILLRACE_PULL_ALLOWED_ADDRESSES',
    );
  }

  /** Makes a source, and the stream key that it publishes with. */
  async create(caller: Principal, streamId: string, body: CreateIngestSourceBody): Promise<IngestSourceAnswer> {
    const { url, protocol, credentials } = readSourceAddress(body.url, this.#addresses);
    const given = credentialsOf(body.username ?? undefined, body.password ?? undefined);
    if (credentials !== undefined && given !== undefined) throw givenTwice();
    checkSourceCredentials(protocol, given, given?.username === '' ? '/password' : '/username');
    const id = newId('src');
    const now = new Date();
    const row = await this.database.transaction(
      async (manager) => {
        const { tenantId } = await findStream(manager, caller, streamId);
        await this.#checkCounts(manager, tenantId, streamId);
        const made: IngestSourceEntity = {
          id,
          tenantId,
          liveStreamId: streamId,
          name: body.name,
          protocol,
          url,
          sealed: this.#sealed(credentials ?? given, id),
          mode: body.mode,
          enabled: body.enabled,
          revision: 1,
          createdAt: now,
          updatedAt: now,
        };
        await manager.insert(IngestSourceEntity, made);
        await manager.insert(StreamKeyEntity, this.#newKey(made));
        await recordChange(manager, caller, { ...placeOf(made), after: sourceObject(made) });
        await appendEvent(manager, ingestSourceEvent('ingest_source.created', made));
        return made;
      },
      { turn: turnOf(caller, streamId) },
    );
    this.control.sourceChanged({ sourceId: id });
    return this.#write(row);
  }

  async list(caller: Principal, streamId: string, query: ListIngestSourcesQuery): Promise<Page<IngestSourceAnswer>> {
    const { before, order, take } = pageFind('ingestSource', query);
    const rows = await this.database.run(async (manager) => {
      await findStream(manager, caller, streamId);
      return manager.find(IngestSourceEntity, { where: { ...before, liveStreamId: streamId }, order, take });
    });
    const page = toPage(rows, query.limit, (row) => row);
    const held = await this.#held(page.data);
    return { ...page, data: page.data.map((row, i) => writeIngestSource(row, held[i])) };
  }

  async read(caller: Principal, streamId: string, id: string): Promise<IngestSourceAnswer> {
    return this.#write(await this.database.run((manager) => findSource(manager, caller, streamId, id)));
  }

  async update(
    caller: Principal,
    streamId: string,
    id: string,
    body: UpdateIngestSourceBody,
  ): Promise<IngestSourceAnswer> {
    const address = body.url === undefined ? undefined : readSourceAddress(body.url, this.#addresses);
    const isGiven = body.username !== undefined || body.password !== undefined;
    if (address?.credentials !== undefined && isGiven) throw givenTwice();
    const { row, isTold } = await this.database.transaction(
      async (manager) => {
        const found = await findSource(manager, caller, streamId, id, true);
        requireMatch(caller, sourceObject(found));
        const hasNewAddress = address !== undefined && (address.url !== found.url || address.credentials !== undefined);
        const isSwitched = body.enabled !== undefined && body.enabled !== found.enabled;
        // By the edges that pull it, and by the gateways that give it to them.
        const isSeen = hasNewAddress || isGiven || isSwitched;
        const sealed = this.#sealedAfter(found, body, address?.url, address?.credentials);
        const changes: Partial<IngestSourceEntity> = {
          ...(body.name !== undefined && { name: body.name }),
          ...(address !== undefined && { url: address.url, protocol: address.protocol }),
          ...(body.mode !== undefined && { mode: body.mode }),
          ...(body.enabled !== undefined && { enabled: body.enabled }),
          sealed,
          ...(isSeen && { revision: found.revision + 1 }),
          updatedAt: timeOfChange(found.updatedAt),
        };
        await manager.update(IngestSourceEntity, { id }, changes);
        const after = { ...found, ...changes };
        await recordChange(manager, caller, {
          ...placeOf(found),
          before: sourceObject(found),
          after: sourceObject(after),
        });
        await appendEvent(manager, ingestSourceEvent('ingest_source.updated', after));
        // Edges go on with a source that is wanted either way.
        return { row: after, isTold: isSeen || after.mode !== found.mode };
      },
      { turn: turnOf(caller, streamId) },
    );
    if (isTold) this.control.sourceChanged({ sourceId: id });
    return this.#write(row);
  }

  /** Its key is revoked first: the edge that pulls it is cut, whether it hears of the change or not. */
  async remove(caller: Principal, streamId: string, id: string): Promise<void> {
    const keys = await this.database.transaction(
      async (manager) => {
        const found = await findSource(manager, caller, streamId, id, true);
        requireMatch(caller, sourceObject(found));
        const own = await manager.findBy(StreamKeyEntity, { ingestSourceId: id, revokedAt: IsNull() });
        await manager.update(StreamKeyEntity, { ingestSourceId: id, revokedAt: IsNull() }, { revokedAt: new Date() });
        await manager.delete(IngestSourceEntity, { id });
        await recordChange(manager, caller, { ...placeOf(found), before: sourceObject(found) });
        await appendEvent(manager, ingestSourceEvent('ingest_source.deleted', found));
        return own;
      },
      { turn: turnOf(caller, streamId) },
    );
    this.control.sourceChanged({ sourceId: id });
    for (const key of keys) {
      await this.known.changed('keys', key.hash.toString('hex'));
      await this.cuts.cutKey(streamId, key.id, 'key_revoked');
    }
  }

  async #checkCounts(manager: EntityManager, tenantId: string, streamId: string): Promise<void> {
    await lockTenant(manager, tenantId);
    const { maxIngestSourcesPerStream: ofStream, maxIngestSourcesPerTenant: ofTenant } = this.settings;
    if ((await manager.countBy(IngestSourceEntity, { liveStreamId: streamId })) >= ofStream)
      throw new ProblemError('quota_exceeded', `A live stream can have at most ${ofStream} ingest sources.`);
    if ((await manager.countBy(IngestSourceEntity, { tenantId })) >= ofTenant)
      throw new ProblemError('quota_exceeded', `A tenant can have at most ${ofTenant} ingest sources.`);
  }

  #newKey({ id: ingestSourceId, tenantId, liveStreamId, name, createdAt }: IngestSourceEntity): StreamKeyEntity {
    const secret = newSecretKey('mr_st');
    const id = newId('skey');
    return {
      id,
      tenantId,
      liveStreamId,
      hash: this.hasher.hash(secret),
      sealed: this.keySeal.seal(secret, id),
      srtPassphrase: null,
      ingestSourceId,
      hint: hintOf(secret),
      label: name,
      allowedAddresses: [],
      createdAt,
      expiresAt: null,
      revokedAt: null,
      lastUsedAt: null,
    };
  }

  #sealed(credentials: SourceCredentials | undefined, id: string): Buffer | null {
    return credentials === undefined ? null : this.seal.seal(JSON.stringify(credentials), id);
  }

  /** Credentials are kept for the host that they were given for: they must not be shown to another one. */
  #sealedAfter(
    found: IngestSourceEntity,
    { username, password }: UpdateIngestSourceBody,
    url: string | undefined,
    inUrl: SourceCredentials | undefined,
  ): Buffer | null {
    if (inUrl !== undefined) return this.#sealed(inUrl, found.id);
    const isKept = url === undefined || isOfOneSource(found.url, url);
    if (username === undefined && password === undefined) return isKept ? found.sealed : null;
    // What cannot be opened any more can be replaced.
    const isNeeded = isKept && (username === undefined || password === undefined);
    const kept = isNeeded ? openCredentials(this.seal, found) : undefined;
    const given = credentialsOf(
      username === undefined ? kept?.username : (username ?? undefined),
      password === undefined ? kept?.password : (password ?? undefined),
    );
    const protocol = sourceProtocolOf(new URL(url ?? found.url)) ?? found.protocol;
    checkSourceCredentials(protocol, given, username === undefined ? '/password' : '/username');
    return this.#sealed(given, found.id);
  }

  async #write(row: IngestSourceEntity): Promise<IngestSourceAnswer> {
    const [held] = await this.#held([row]);
    return writeIngestSource(row, held);
  }

  async #held(rows: readonly IngestSourceEntity[]): Promise<(HeldSource | undefined | 'unknown')[]> {
    try {
      return await this.store.readSources(rows.map(({ id }) => id));
    } catch (error) {
      if (error instanceof LiveStoreError) return rows.map(() => 'unknown');
      throw error;
    }
  }
}

export const openCredentials = (
  seal: IngestSourceSeal,
  { id, sealed }: Pick<IngestSourceEntity, 'id' | 'sealed'>,
): SourceCredentials | undefined =>
  sealed === null ? undefined : (JSON.parse(seal.open(sealed, id)) as SourceCredentials);

/** Cameras exist that want a user name alone, or a password alone. */
const credentialsOf = (username = '', password = ''): SourceCredentials | undefined =>
  username === '' && password === '' ? undefined : { username, password };

const givenTwice = (): ProblemError =>
  new ProblemError('invalid_request', 'The request is invalid; `errors` lists the problems.', {
    errors: [{ pointer: '/url', detail: 'must not contain a user name or password where they are given as fields' }],
  });

const placeOf = ({ tenantId, id }: IngestSourceEntity) => ({ tenantId, objectId: id });

async function findSource(
  manager: EntityManager,
  caller: Principal,
  streamId: string,
  id: string,
  lock = false,
): Promise<IngestSourceEntity> {
  await findStream(manager, caller, streamId);
  const row = await manager.findOne(IngestSourceEntity, {
    where: { id, liveStreamId: streamId },
    ...(lock ? { lock: { mode: 'for_no_key_update' } } : {}),
  });
  if (row === null) throw notFound();
  return row;
}
