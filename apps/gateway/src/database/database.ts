// The gateway's hold on PostgreSQL. It may be away at start and go away later: the gateway runs on and tries again.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@millrace/service-kit';
import type { DataSource, EntityManager } from 'typeorm';
import { GATEWAY_LOGGER, GATEWAY_METRICS, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewayMetrics } from '../ports/gateway-metrics.ts';
import type { GatewaySettings } from '../settings.ts';
import { CommitNews, takeTopics } from './commit-news.ts';
import { newDataSource } from './data-source.ts';
import type { EntityClass } from './data-source.ts';
import { DatabasePlaces } from './database-places.ts';
import type { DatabaseLane } from './database-places.ts';
import { DatabaseUnavailable, isConnectionFailure, isTooSlow, SchemaTooOld } from './database.errors.ts';
import { Turns } from './turns.ts';
import { migrate, missingMigrations } from './migrate.ts';

/** How long to wait before trying again, in milliseconds; the last one holds from then on. */
const RETRY_MS = [0, 100, 250, 500, 1_000];

@Injectable()
export class Database implements OnApplicationShutdown {
  /** Tells of committed rows of this process. */
  readonly commits = new CommitNews();
  #source: DataSource | undefined;
  readonly #entities = new Set<EntityClass>();
  readonly #preparations: ((manager: EntityManager) => Promise<void>)[] = [];
  #up = false;
  #closed = false;
  #schemaFault: string | undefined;
  #recovering: Promise<void> | undefined;
  readonly #waiting = new Set<() => void>();
  readonly #pending = new Set<Promise<unknown>>();
  #stopWaiting: (() => void) | undefined;
  readonly #turns = new Turns();
  readonly #places: DatabasePlaces;
  readonly #firstTry = Promise.withResolvers<void>();

  constructor(
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
    @Inject(GATEWAY_METRICS) private readonly metrics: GatewayMetrics,
  ) {
    this.#places = new DatabasePlaces(settings.databaseMaxConnections, settings.databaseConnectTimeoutMs);
  }

  /** Each feature adds the tables that it owns, before anything starts. See `DatabaseModule.withEntities`. */
  addEntities(entities: readonly EntityClass[]): void {
    if (this.#recovering !== undefined || this.#source !== undefined)
      throw new Error('entities are added before the database is started');
    for (const entity of entities) this.#entities.add(entity);
  }

  /** Runs `prepare` whenever PostgreSQL has become available, before it is used: it may be another one than before. */
  beforeUse(prepare: (manager: EntityManager) => Promise<void>): void {
    this.#preparations.push(prepare);
  }

  get allEntities(): readonly EntityClass[] {
    return [...this.#entities];
  }

  /** Begins to connect; does not wait for it. */
  start(): void {
    this.metrics.databaseUp.set(0);
    this.#recover();
  }

  get isUp(): boolean {
    return this.#up;
  }

  /** What is wrong with the tables, when they are the reason that this gateway does not begin. */
  get faultOfSchema(): string | undefined {
    return this.#schemaFault;
  }

  /** Resolves once the first try to connect has succeeded or failed, or has taken too long. */
  async firstAttempt(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    void this.#firstTry.promise.then(resolve);
    await promise;
    clearTimeout(timer);
  }

  /** Resolves once PostgreSQL can be used; at once when it can be now. */
  async whenUp(): Promise<void> {
    if (!this.#up) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  /**
   * Runs queries, one at a time. While PostgreSQL is known to be away it fails at once, so that a request does not wait for what
   * will not come.
   *
   * @throws DatabaseUnavailable, of which DatabaseBusy is one
   */
  async run<T>(work: (manager: EntityManager) => Promise<T>, lane: DatabaseLane = 'rest'): Promise<T> {
    if (!this.#up) throw new DatabaseUnavailable();
    const release = await this.#takePlace(lane);
    try {
      if (this.#source === undefined) throw new DatabaseUnavailable();
      return await work(this.#source.manager);
    } catch (error) {
      throw this.#judge(error);
    } finally {
      release();
    }
  }

  /**
   * Runs queries in one transaction, rolled back when `work` fails.
   *
   * @param turn the id of the row that `work` locks, if it locks one
   * @throws DatabaseUnavailable
   */
  async transaction<T>(
    work: (manager: EntityManager) => Promise<T>,
    { turn, lane = 'rest' }: { readonly turn?: string; readonly lane?: DatabaseLane } = {},
  ): Promise<T> {
    const run = () => this.run((manager) => this.#commit(manager, work), lane);
    return turn === undefined ? run() : this.#turns.take(turn, run);
  }

  async #commit<T>(manager: EntityManager, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    let topics: ReadonlySet<string> = new Set();
    const result = await manager.transaction(async (within) => {
      const done = await work(within);
      topics = takeTopics(within);
      return done;
    });
    this.commits.tell(topics);
    return result;
  }

  /** Runs queries in the background; a failure is a line in the log, nothing more. */
  runInBackground(what: string, work: (manager: EntityManager) => Promise<unknown>): void {
    const done = this.run(work)
      .catch((error: unknown) => this.logger.debug({ err: error }, `could not ${what}`))
      .finally(() => this.#pending.delete(done));
    this.#pending.add(done);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.allSettled([...this.#pending]);
    this.#closed = true;
    this.#up = false;
    this.#stopWaiting?.();
    await this.#recovering;
    await this.#source?.destroy();
    this.#source = undefined;
  }

  async #takePlace(lane: DatabaseLane): Promise<() => void> {
    try {
      return await this.#places.take(lane);
    } catch (error) {
      this.metrics.databaseBusy.inc({ kind: lane });
      throw error;
    }
  }

  #judge(error: unknown): unknown {
    if (error instanceof DatabaseUnavailable) return error;
    if (isTooSlow(error)) return new DatabaseUnavailable(error);
    if (!isConnectionFailure(error)) return error;
    this.#goDown(error);
    return new DatabaseUnavailable(error);
  }

  #goDown(error: unknown): void {
    if (!this.#up) return;
    this.#up = false;
    this.metrics.databaseUp.set(0);
    this.logger.warn({ err: error }, 'PostgreSQL is down; live streams continue');
    this.#recover();
  }

  #recover(): void {
    this.#recovering ??= this.#tryUntilUp().finally(() => (this.#recovering = undefined));
  }

  async #tryUntilUp(): Promise<void> {
    for (let attempt = 0; !this.#closed; attempt++) {
      await this.#pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 0);
      if (this.#closed) return;
      try {
        const { manager } = await this.#connect();
        for (const prepare of this.#preparations) await prepare(manager);
        this.#goUp();
        return this.#firstTry.resolve();
      } catch (error) {
        this.#firstTry.resolve();
        if (error instanceof SchemaTooOld) this.#waitForMigration(error.message);
        else if (attempt === 0) this.logger.warn({ err: error }, 'cannot reach PostgreSQL; trying again');
        else this.logger.debug({ err: error }, 'still cannot reach PostgreSQL');
      }
    }
  }

  /** Connects and migrates the first time; later only asks whether the pool works again. */
  async #connect(): Promise<DataSource> {
    if (this.#source !== undefined) {
      await this.#source.query('SELECT 1');
      return this.#source;
    }
    const { databaseUrl: url, databaseConnectTimeoutMs: connectTimeoutMs } = this.settings;
    await this.#bringUpToDate(url, connectTimeoutMs);
    const limits = {
      url,
      connectTimeoutMs,
      maxConnections: this.settings.databaseMaxConnections,
      queryTimeoutMs: this.settings.databaseQueryTimeoutMs,
      onPoolError: (error: unknown) => this.logger.debug({ err: error }, 'an idle connection to PostgreSQL broke'),
    };
    const source = newDataSource(limits, this.allEntities);
    await source.initialize();
    this.#source = source;
    return source;
  }

  async #bringUpToDate(url: string, connectTimeoutMs: number): Promise<void> {
    if (this.settings.databaseMigrate) {
      const migrations = await migrate(url, connectTimeoutMs);
      if (migrations.length > 0) this.logger.info({ migrations }, 'migrated the database');
      return;
    }
    const missing = await missingMigrations(url, connectTimeoutMs);
    if (missing.length > 0) throw new SchemaTooOld(missing);
  }

  /** Said once: it is looked again every second. */
  #waitForMigration(fault: string): void {
    if (this.#schemaFault === undefined) this.logger.error(`not ready: ${fault}`);
    this.#schemaFault = fault;
  }

  #goUp(): void {
    if (this.#closed) return;
    this.#up = true;
    this.#schemaFault = undefined;
    this.metrics.databaseUp.set(1);
    this.logger.info('connected to PostgreSQL');
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  async #pause(ms: number): Promise<void> {
    if (ms === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#stopWaiting = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
