// Which viewers' sessions are over: every gateway holds the whole list, since each playlist that is read asks it. It is read again while
// viewers of signed playback ids ask, and not otherwise.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@millrace/service-kit';
import { LessThan, MoreThan } from 'typeorm';
import { Database } from '../database/database.ts';
import { deleteInBatches } from '../database/delete-in-batches.ts';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import { PLAYBACK_TOKEN_CODE_LIMITS } from '../playback-tokens/playback-token-limits.ts';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { ViewerRevocationEntity } from './viewer-revocation.entity.ts';

const LOOK_MS = PLAYBACK_TOKEN_CODE_LIMITS.revocationLookMs;
/** From this age on, a viewer waits until it has been read again. */
const MAX_AGE_MS = 2 * LOOK_MS;
/** A transaction that committed late may have an earlier time than one that was seen already: longer than any may take. */
const OVERLAP_MS = 30_000;
const PURGE_EVERY_MS = 10 * 60_000;
/** Beyond the last session that a revoked token may have begun. */
const KEPT_SPARE_MS = 60 * 60_000;

interface Revocation {
  readonly versionLte: number;
  readonly revokedAtMs: number;
}

@Injectable()
export class ViewerRevocations implements OnApplicationShutdown {
  readonly #byViewer = new Map<string, Revocation>();
  readonly #keptMs: number;
  #seenToMs: number | undefined;
  #purgedAtMs = 0;
  #lookedAtMs = -Infinity;
  #looking: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    @Inject(GATEWAY_SETTINGS) settings: GatewaySettings,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {
    this.#keptMs = settings.viewerSessionMaxMs + settings.playbackViewerTokenMaxMs + KEPT_SPARE_MS;
  }

  /** Whether the list has been read since this gateway began; until then it cannot be told who is revoked. */
  get isKnown(): boolean {
    return this.#seenToMs !== undefined;
  }

  isRevoked(tenantId: string, viewerId: string, version: number): boolean {
    const found = this.#byViewer.get(nameOf(tenantId, viewerId));
    return found !== undefined && version <= found.versionLte;
  }

  /** Before the next look: this gateway has written it itself. */
  note({ tenantId, viewerId, versionLte, revokedAt }: ViewerRevocationEntity): void {
    const name = nameOf(tenantId, viewerId);
    const known = this.#byViewer.get(name);
    if (known !== undefined && known.versionLte > versionLte) return;
    // Last again: the oldest come first.
    this.#byViewer.delete(name);
    this.#byViewer.set(name, { versionLte, revokedAtMs: revokedAt.getTime() });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#looking;
  }

  /** Reads what is new, unless that was done a moment ago. Does not fail: without the database, what is known counts on. */
  async refresh(): Promise<void> {
    const ageMs = performance.now() - this.#lookedAtMs;
    if (ageMs < LOOK_MS) return;
    // One look at a time: those who come meanwhile would see the same.
    this.#looking ??= this.#tryLook().finally(() => (this.#looking = undefined));
    if (ageMs >= MAX_AGE_MS) await this.#looking;
  }

  async #tryLook(): Promise<void> {
    try {
      await this.#look();
      await this.#purge(Date.now());
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable))
        this.logger.warn({ err: error }, 'cannot read which viewer sessions are revoked');
    }
  }

  async #look(): Promise<void> {
    const since = this.#seenToMs;
    const where = since === undefined ? {} : { revokedAt: MoreThan(new Date(since - OVERLAP_MS)) };
    const order = { revokedAt: 'ASC' } as const;
    const rows = await this.database.run(
      (manager) => manager.find(ViewerRevocationEntity, { where, order }),
      'control',
    );
    for (const row of rows) this.note(row);
    this.#lookedAtMs = performance.now();
    this.#seenToMs = Math.max(since ?? 0, rows.at(-1)?.revokedAt.getTime() ?? 0);
  }

  async #purge(nowMs: number): Promise<void> {
    if (nowMs - this.#purgedAtMs < PURGE_EVERY_MS) return;
    this.#purgedAtMs = nowMs;
    const beforeMs = nowMs - this.#keptMs;
    for (const [name, { revokedAtMs }] of this.#byViewer) if (revokedAtMs < beforeMs) this.#byViewer.delete(name);
    const revokedAt = LessThan(new Date(beforeMs));
    await deleteInBatches(this.database, ViewerRevocationEntity, { revokedAt });
  }
}

const nameOf = (tenantId: string, viewerId: string): string => `${tenantId} ${viewerId}`;
