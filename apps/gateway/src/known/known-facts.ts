// Keeps the remembered facts true: refreshed after every change, and again later where the live store was away.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import type { Logger } from '@millrace/service-kit';
import { BatchReader } from '../database/batch-reader.ts';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { FACT_KINDS } from './facts.ts';
import type { FactKind, FactOf } from './facts.ts';
import { Remembered } from './remembered.ts';

const RETRY_MS = 500;
/** So many facts may wait for a live store that is away; then the oldest is dropped and lives until its time is over. */
const MAX_WAITING = 10_000;

const FACT_KIND_NAMES = Object.keys(FACT_KINDS) as FactKind[];

/** Reads the facts with these ids out of the database, by one query; an id without a row is left out. */
export type ReadFacts<K extends FactKind> = (ids: readonly string[]) => Promise<ReadonlyMap<string, FactOf<K>>>;

type Readers = { -readonly [K in FactKind]?: ReadFacts<K> };
type AllRemembered = { readonly [K in FactKind]: Remembered<FactOf<K>> };

@Injectable()
export class KnownFacts implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #readers: Readers = {};
  readonly #remembered: AllRemembered;
  readonly #waiting = new Map<string, { kind: FactKind; id: string }>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    @Inject(LIVE_STORE) store: LiveStore,
    @Inject(GATEWAY_SETTINGS) settings: GatewaySettings,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {
    const remember = <K extends FactKind>(kind: K) => this.#remember(kind, store, settings.rememberMs);
    this.#remembered = {
      keys: remember('keys'),
      logins: remember('logins'),
      streams: remember('streams'),
      tenants: remember('tenants'),
      playback: remember('playback'),
      rooms: remember('rooms'),
      signingKeys: remember('signingKeys'),
      publishAuthorizers: remember('publishAuthorizers'),
      revocations: remember('revocations'),
      playbackKeys: remember('playbackKeys'),
      playbackRestrictions: remember('playbackRestrictions'),
      simulcastTargets: remember('simulcastTargets'),
    };
  }

  /** Each feature says how the facts of its rows are read. */
  readBy<K extends FactKind>(kind: K, read: NonNullable<Readers[K]>): void {
    this.#readers[kind] = read;
  }

  of<K extends FactKind>(kind: K): AllRemembered[K] {
    return this.#remembered[kind];
  }

  /** Call after a change is committed. Does not fail: what cannot be done now is done as soon as it can be. */
  async changed(kind: FactKind, id: string): Promise<void> {
    try {
      await this.of(kind).refresh(id);
    } catch (error) {
      this.logger.debug({ err: error, kind }, 'cannot refresh the known facts; trying again');
      this.#later(kind, id);
    }
  }

  onApplicationBootstrap(): void {
    for (const kind of FACT_KIND_NAMES)
      if (this.#readers[kind] === undefined) throw new Error(`no feature reads the facts of kind ${kind}`);
  }

  onApplicationShutdown(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #later(kind: FactKind, id: string): void {
    const key = `${kind} ${id}`;
    this.#waiting.delete(key);
    this.#waiting.set(key, { kind, id });
    if (this.#waiting.size > MAX_WAITING) this.#waiting.delete(this.#waiting.keys().next().value ?? key);
    if (!this.#closed) this.#timer ??= setTimeout(() => void this.#retry(), RETRY_MS).unref();
  }

  async #retry(): Promise<void> {
    this.#timer = undefined;
    const due = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { kind, id } of due) await this.changed(kind, id);
  }

  #remember<K extends FactKind>(kind: K, store: LiveStore, ttlMs: number): Remembered<FactOf<K>> {
    const { prefix, schema } = FACT_KINDS[kind];
    const reader = new BatchReader<FactOf<K>>(async (ids) => {
      const readAll = this.#readers[kind];
      if (readAll === undefined) throw new Error(`no feature reads the facts of kind ${kind}`);
      return readAll(ids);
    });
    const source = {
      kind: prefix,
      read: (id: string) => reader.read(id),
      parse: (value: unknown) => schema.safeParse(value).data as FactOf<K> | undefined,
    };
    return new Remembered<FactOf<K>>(store, source, ttlMs);
  }
}
