// POST requests that a client may repeat: carried out once, answered the same each time. PostgreSQL alone knows of them, so it does not
// matter which gateway a repetition reaches.
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { holdsSecret } from '../audit/secret-fields.ts';
import { AnswerSeal } from '../auth/secret-seal.ts';
import { BoundedCache } from '../cache/bounded-cache.ts';
import { Database } from '../database/database.ts';
import { Purges } from '../database/purges.ts';
import { ProblemError } from '../http/problem-error.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { IdempotencyKeyEntity } from './idempotency-key.entity.ts';

/** How long an answer that holds a secret is repeated. */
export const SECRET_REPLAY_MS = 10 * 60_000;
const RETRY_AFTER_S = 1;
/** How long a count of an owner's keys is believed; its own new ones are added. */
const COUNT_MS = 10_000;
const MAX_COUNTED_OWNERS = 10_000;

/** What a repetition must have in common with the first request. */
export interface IdempotentRequest {
  readonly owner: string;
  readonly route: string;
  readonly key: string;
  readonly requestHash: Buffer;
}

export interface IdempotentAnswer {
  readonly status: number;
  readonly location: string | null;
  readonly etag: string | null;
  /** JSON; undefined when there is no body. */
  readonly body: string | undefined;
}

/** Not an error: ends the handling of a request that was answered before. */
export class ReplayedAnswer extends Error {
  readonly answer: IdempotentAnswer;

  constructor(answer: IdempotentAnswer) {
    super('this request was answered before');
    this.answer = answer;
  }
}

/** A request that is being carried out for the first time. */
export interface IdempotentAttempt {
  /** In the transaction of the change. @throws ProblemError when this attempt was taken for dead and another one began */
  commit(manager: EntityManager): Promise<void>;
  answered(answer: Omit<IdempotentAnswer, 'body'>, body: unknown): Promise<void>;
  /** Frees the key, unless something was changed. */
  failed(): Promise<void>;
}

@Injectable()
export class IdempotencyKeys {
  readonly #counts = new BoundedCache<string, { count: number; readonly countedAtMs: number }>(MAX_COUNTED_OWNERS);

  constructor(
    private readonly database: Database,
    private readonly seal: AnswerSeal,
    purges: Purges,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {
    purges.add({
      what: 'old idempotency keys',
      everyMs: PURGE_EVERY_MS,
      run: (_, stop) => this.#purge(stop),
    });
  }

  /**
   * @throws ReplayedAnswer when it was answered before
   * @throws ProblemError when it is still running, the key belongs to another request, or its answer is no longer there
   */
  async begin(request: IdempotentRequest): Promise<IdempotentAttempt> {
    await this.#checkCount(request.owner);
    const attempt = randomUUID();
    const began = await this.database.run((manager) => this.#begin(manager, request, attempt));
    if (!began) throw await this.#whatIsThere(request);
    return this.#attemptOf(request, attempt);
  }

  async #begin(manager: EntityManager, request: IdempotentRequest, attempt: string): Promise<boolean> {
    const { owner, route, key, requestHash } = request;
    const { idempotencyLeaseMs: leaseMs, idempotencyRetentionMs: retentionMs } = this.settings;
    const added: unknown[] = await manager.query(
      `INSERT INTO idempotency_keys (owner, route, key, request_hash, attempt, lease_until, created_at)
       VALUES ($1, $2, $3, $4, $5, now() + $6 * interval '1 ms', now()) ON CONFLICT DO NOTHING RETURNING 1`,
      [owner, route, key, requestHash, attempt, leaseMs],
    );
    if (added.length > 0) return true;
    // One that changed nothing and whose process has died, or one that is older than keys are kept.
    const [, taken]: [unknown, number] = await manager.query(
      `UPDATE idempotency_keys SET request_hash = $4, attempt = $5, lease_until = now() + $6 * interval '1 ms',
         committed = false, status = NULL, location = NULL, etag = NULL, sealed = NULL, holds_secret = false, created_at = now()
       WHERE owner = $1 AND route = $2 AND key = $3
         AND (created_at < now() - $7 * interval '1 ms'
           OR (request_hash = $4 AND status IS NULL AND NOT committed AND lease_until < now()))`,
      [owner, route, key, requestHash, attempt, leaseMs, retentionMs],
    );
    return taken > 0;
  }

  async #whatIsThere(request: IdempotentRequest): Promise<Error> {
    const { owner, route, key, requestHash } = request;
    const row = await this.database.run((manager) => manager.findOneBy(IdempotencyKeyEntity, { owner, route, key }));
    // It has failed, and was freed, just now.
    if (row === null) return inProgress();
    if (!row.requestHash.equals(requestHash))
      return new ProblemError('idempotency_key_reused', 'This `Idempotency-Key` was used for another request.');
    const { status, location, etag, sealed } = row;
    if (status === null) return row.committed && row.leaseUntil.getTime() < Date.now() ? lost(location) : inProgress();
    if (row.holdsSecret && (sealed === null || Date.now() - row.createdAt.getTime() > SECRET_REPLAY_MS))
      return secretGone(location);
    const body = sealed === null ? undefined : this.seal.open(sealed, sealOwner(request));
    return new ReplayedAnswer({ status, location, etag, body });
  }

  #attemptOf(request: IdempotentRequest, attempt: string): IdempotentAttempt {
    const { owner, route, key } = request;
    const mine = { owner, route, key, attempt };
    return {
      commit: async (manager) => {
        const { affected } = await manager.update(IdempotencyKeyEntity, mine, { committed: true });
        if (affected !== 1) throw inProgress();
      },
      answered: async ({ status, location, etag }, body) => {
        const sealed = body === undefined ? null : this.seal.seal(JSON.stringify(body), sealOwner(request));
        const answer = { status, location, etag, sealed, holdsSecret: holdsSecret(body) };
        await this.database.run((manager) => manager.update(IdempotencyKeyEntity, mine, answer));
      },
      failed: async () => {
        await this.database.run((manager) => manager.delete(IdempotencyKeyEntity, { ...mine, committed: false }));
      },
    };
  }

  /** Exact for one gateway; several may together go beyond the limit by what they accept in ten seconds. */
  async #checkCount(owner: string): Promise<void> {
    const max = this.settings.maxIdempotencyKeysPerTenant;
    let known = this.#counts.get(owner);
    if (known === undefined || Date.now() - known.countedAtMs > COUNT_MS) {
      const [row]: { count: number }[] = await this.database.run((manager) =>
        manager.query(
          `SELECT count(*)::int AS count FROM (SELECT 1 FROM idempotency_keys WHERE owner = $1 LIMIT $2) AS kept`,
          [owner, max],
        ),
      );
      known = { count: row?.count ?? 0, countedAtMs: Date.now() };
      this.#counts.set(owner, known);
    }
    if (known.count >= max)
      throw new ProblemError(
        'quota_exceeded',
        `At most ${max} idempotency keys are kept: send the request without one.`,
      );
    known.count++;
  }

  async #purge(stop: AbortSignal): Promise<void> {
    await this.#inSteps(
      `UPDATE idempotency_keys SET sealed = NULL WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM idempotency_keys
         WHERE holds_secret AND sealed IS NOT NULL AND created_at < now() - $1 * interval '1 ms' LIMIT $2 FOR UPDATE SKIP LOCKED))`,
      SECRET_REPLAY_MS,
      stop,
    );
    await this.#inSteps(
      `DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM idempotency_keys WHERE created_at < now() - $1 * interval '1 ms' LIMIT $2 FOR UPDATE SKIP LOCKED))`,
      this.settings.idempotencyRetentionMs,
      stop,
    );
  }

  async #inSteps(statement: string, ageMs: number, stop: AbortSignal): Promise<void> {
    let changed: number;
    do {
      [, changed] = await this.database.run((manager) =>
        manager.query<[unknown, number]>(statement, [ageMs, PURGE_STEP]),
      );
    } while (changed === PURGE_STEP && !stop.aborted);
  }
}

const PURGE_EVERY_MS = 60_000;
const PURGE_STEP = 1_000;

/** Ties a sealed answer to its row. */
const sealOwner = ({ owner, route, key }: IdempotentRequest): string => `${owner} ${route} ${key}`;

const inProgress = (): ProblemError =>
  new ProblemError('idempotency_in_progress', 'A request with this `Idempotency-Key` is still being carried out.', {
    headers: { 'retry-after': String(RETRY_AFTER_S) },
  });

const gone = (detail: string, location: string | null): ProblemError =>
  new ProblemError('idempotency_answer_gone', detail, { headers: location === null ? {} : { location } });

const lost = (location: string | null): ProblemError =>
  gone('This request was carried out, but the server failed before it could keep the answer.', location);

const secretGone = (location: string | null): ProblemError =>
  gone('This request was carried out. Its answer held a secret, which is repeated for ten minutes only.', location);
