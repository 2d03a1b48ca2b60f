// Keeps the remembered facts true: refreshed after every change, and again later where the live store was away.
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { LIVE_STORE, type LiveStore } from '@millrace/live-store';
import type { Logger } from '@millrace/service-kit';
import { In, IsNull, Not } from 'typeorm';
import type { z } from 'zod';
import { Database } from '../database/database.ts';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import { PlaybackIdEntity } from '../playback/playback-id.entity.ts';
import { RelayCredentialEntity } from '../relay/relay-credential.entity.ts';
import { RoomBanEntity } from '../rooms/room-ban.entity.ts';
import { RoomEntity } from '../rooms/room.entity.ts';
import type { GatewaySettings } from '../settings.ts';
import { SigningKeyEntity } from '../signing-keys/signing-key.entity.ts';
import { StreamKeyEntity } from '../stream-keys/stream-key.entity.ts';
import { LiveStreamEntity } from '../streams/live-stream.entity.ts';
import { TenantEntity } from '../tenants/tenant.entity.ts';
import { BatchReader } from '../database/batch-reader.ts';
import { keyFactOf, loginFactOf, roomFactOf, signingKeysFactOf, streamFactOf, tenantFactOf } from './fact-rows.ts';
import {
  keyFact,
  loginFact,
  playbackFact,
  revocationFact,
  revocationId,
  roomFact,
  signingKeysFact,
  streamFact,
  tenantFact,
} from './facts.ts';
import type {
  KeyFact,
  LoginFact,
  PlaybackFact,
  RevocationFact,
  RoomFact,
  SigningKeysFact,
  StreamFact,
  TenantFact,
} from './facts.ts';
import { Remembered } from './remembered.ts';

const RETRY_MS = 500;
/** So many facts may wait for a live store that is away; then the oldest is dropped and lives until its time is over. */
const MAX_WAITING = 10_000;

export type FactKind = 'keys' | 'logins' | 'streams' | 'tenants' | 'playback' | 'rooms' | 'signingKeys' | 'revocations';

@Injectable()
export class KnownFacts implements OnApplicationShutdown {
  readonly keys: Remembered<KeyFact>;
  readonly logins: Remembered<LoginFact>;
  readonly streams: Remembered<StreamFact>;
  readonly tenants: Remembered<TenantFact>;
  readonly playback: Remembered<PlaybackFact>;
  readonly rooms: Remembered<RoomFact>;
  readonly signingKeys: Remembered<SigningKeysFact>;
  readonly revocations: Remembered<RevocationFact>;
  private readonly waiting = new Map<string, { kind: FactKind; id: string }>();
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly database: Database,
    @Inject(LIVE_STORE) store: LiveStore,
    @Inject(GATEWAY_SETTINGS) settings: GatewaySettings,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {
    const remembered = <T>(
      kind: string,
      schema: z.ZodType<T>,
      readAll: (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>,
    ) => {
      const reader = new BatchReader(readAll);
      const source = {
        kind,
        read: (id: string) => reader.read(id),
        parse: (value: unknown) => schema.safeParse(value).data,
      };
      return new Remembered<T>(store, source, settings.rememberMs);
    };
    this.keys = remembered('key', keyFact, (hashes) => this.readKeys(hashes));
    this.logins = remembered('login', loginFact, (ids) => this.readLogins(ids));
    this.streams = remembered('stream', streamFact, (ids) => this.readStreams(ids));
    this.tenants = remembered('tenant', tenantFact, (ids) => this.readTenants(ids));
    this.playback = remembered('playback', playbackFact, (ids) => this.readPlaybacks(ids));
    this.rooms = remembered('room', roomFact, (ids) => this.readRooms(ids));
    this.signingKeys = remembered('signing', signingKeysFact, (tenantIds) => this.readSigningKeys(tenantIds));
    this.revocations = remembered('revocation', revocationFact, (ids) => this.readRevocations(ids));
  }

  /** Call after a change is committed. Does not fail: what cannot be done now is done as soon as it can be. */
  async changed(kind: FactKind, id: string): Promise<void> {
    try {
      await this[kind].refresh(id);
    } catch (error) {
      this.logger.debug({ err: error, kind }, 'cannot refresh the known facts; trying again');
      this.later(kind, id);
    }
  }

  onApplicationShutdown(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private later(kind: FactKind, id: string): void {
    const key = `${kind} ${id}`;
    this.waiting.delete(key);
    this.waiting.set(key, { kind, id });
    if (this.waiting.size > MAX_WAITING) this.waiting.delete(this.waiting.keys().next().value ?? key);
    if (!this.closed) this.timer ??= setTimeout(() => void this.retry(), RETRY_MS).unref();
  }

  private async retry(): Promise<void> {
    this.timer = undefined;
    const due = [...this.waiting.values()];
    this.waiting.clear();
    for (const { kind, id } of due) await this.changed(kind, id);
  }

  private async readKeys(hashes: readonly string[]): Promise<Map<string, KeyFact>> {
    const where = { hash: In(hashes.map((hash) => Buffer.from(hash, 'hex'))) };
    const rows = await this.database.run((manager) => manager.findBy(StreamKeyEntity, where), 'control');
    return new Map(rows.map((row) => [row.hash.toString('hex'), keyFactOf(row)]));
  }

  private async readLogins(ids: readonly string[]): Promise<Map<string, LoginFact>> {
    const rows = await this.database.run((manager) => manager.findBy(StreamKeyEntity, { id: In([...ids]) }), 'control');
    return new Map(rows.map((row) => [row.id, loginFactOf(row)]));
  }

  private async readStreams(ids: readonly string[]): Promise<Map<string, StreamFact>> {
    const rows = await this.database.run(
      (manager) => manager.findBy(LiveStreamEntity, { id: In([...ids]) }),
      'control',
    );
    return new Map(rows.map((row) => [row.id, streamFactOf(row)]));
  }

  private async readTenants(ids: readonly string[]): Promise<Map<string, TenantFact>> {
    const rows = await this.database.run((manager) => manager.findBy(TenantEntity, { id: In([...ids]) }), 'control');
    return new Map(rows.map((row) => [row.id, tenantFactOf(row)]));
  }

  private async readPlaybacks(ids: readonly string[]): Promise<Map<string, PlaybackFact>> {
    const rows = await this.database.run(
      (manager) => manager.findBy(PlaybackIdEntity, { id: In([...ids]) }),
      'control',
    );
    return new Map(rows.map(({ id, tenantId, liveStreamId }) => [id, { tenantId, streamId: liveStreamId }]));
  }

  private async readRooms(ids: readonly string[]): Promise<Map<string, RoomFact>> {
    const [rows, bans] = await this.database.run(async (manager) => {
      const found = await manager.findBy(RoomEntity, { id: In([...ids]) });
      // A room without a change to its bans has none: most need no second query.
      const changed = found.filter(({ bansVersion }) => bansVersion > 0).map(({ id }) => id);
      return [found, changed.length === 0 ? [] : await manager.findBy(RoomBanEntity, { roomId: In(changed) })] as const;
    }, 'control');
    const keys = Map.groupBy(bans, ({ roomId }) => roomId);
    return new Map(
      rows.map((row) => [
        row.id,
        roomFactOf(
          row,
          (keys.get(row.id) ?? []).map(({ key }) => key),
        ),
      ]),
    );
  }

  /** None is as good as no such tenant: guessed tenants must not fill the live store with what is not there. */
  private async readSigningKeys(tenantIds: readonly string[]): Promise<Map<string, SigningKeysFact>> {
    const where = { tenantId: In([...tenantIds]), revokedAt: IsNull() };
    const order = { id: 'DESC' } as const;
    const rows = await this.database.run((manager) => manager.find(SigningKeyEntity, { where, order }), 'control');
    return new Map(
      [...Map.groupBy(rows, ({ tenantId }) => tenantId)].map(([id, keys]) => [id, signingKeysFactOf(keys)]),
    );
  }

  private async readRevocations(ids: readonly string[]): Promise<Map<string, RevocationFact>> {
    const where = ids.map((id) => {
      const [tenantId = '', subject = ''] = id.split(':');
      return { tenantId, subject, revokedAt: Not(IsNull()) };
    });
    const rows = await this.database.run((manager) => manager.findBy(RelayCredentialEntity, where), 'control');
    const facts = new Map<string, RevocationFact>();
    for (const { tenantId, subject, revokedAt } of rows)
      if (revokedAt !== null) facts.set(revocationId(tenantId, subject), { revokedAtMs: revokedAt.getTime() });
    return facts;
  }
}
