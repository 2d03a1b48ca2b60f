// From the Authorization header, or the cookie of a console session, to the caller.
import { Inject, Injectable } from '@nestjs/common';
import { isSecretKey } from '@millrace/domain';
import { In } from 'typeorm';
import { ApiKeyEntity } from './api-key.entity.ts';
import { Database } from '../database/database.ts';
import { BatchReader } from '../database/batch-reader.ts';
import { TenantEntity } from '../tenants/tenant.entity.ts';
import { AddressRanges } from '@millrace/service-kit';
import {
  addressNotAllowed,
  badKey,
  csrfTokenInvalid,
  keyExpired,
  missingKey,
  tenantSuspended,
} from '../auth/auth.errors.ts';
import { ConsoleCookies, isSafeMethod } from '../auth/console-cookies.ts';
import { KeyHasher } from '../auth/key-hasher.ts';
import { OPERATOR_KEY_HASH } from '../auth/operator-key-hash.ts';
import { SET_OPERATOR_KEY } from '../auth/principal.ts';
import type { CallerIdentity } from '../auth/principal.ts';
import { SessionAuthenticator } from '../auth/session-authenticator.ts';
import type { FastifyRequest } from 'fastify';

const CSRF_HEADER = 'x-csrf-token';

/** `last_used_at` is written at most once in this time per key. */
const LAST_USED_STEP_MS = 60_000;

@Injectable()
export class Authenticator {
  readonly #keys: BatchReader<ApiKeyEntity>;
  readonly #tenants: BatchReader<TenantEntity>;

  constructor(
    private readonly database: Database,
    private readonly hasher: KeyHasher,
    private readonly sessions: SessionAuthenticator,
    private readonly cookies: ConsoleCookies,
    @Inject(OPERATOR_KEY_HASH) private readonly operatorKeyHash: Buffer | undefined,
  ) {
    this.#keys = new BatchReader(async (hashes) => {
      const where = { hash: In(hashes.map((hash) => Buffer.from(hash, 'hex'))) };
      const rows = await database.run((manager) => manager.findBy(ApiKeyEntity, where));
      return new Map(rows.map((row) => [row.hash.toString('hex'), row]));
    });
    this.#tenants = new BatchReader(async (ids) => {
      const rows = await database.run((manager) => manager.findBy(TenantEntity, { id: In([...ids]) }));
      return new Map(rows.map((row) => [row.id, row]));
    });
  }

  /**
   * A request with an Authorization header is judged by that alone. Else the cookie counts, and a method that may change something
   * needs the session's CSRF token too.
   *
   * @throws ProblemError
   */
  async authenticateRequest(request: FastifyRequest): Promise<CallerIdentity> {
    const { raw, method } = request;
    const address = request.server.clientAddresses.of(raw);
    const { authorization } = raw.headers;
    const token = authorization === undefined ? this.cookies.read(request) : undefined;
    if (token === undefined) return this.authenticate(authorization, address);
    this.cookies.refuseOtherSites(request);
    const principal = await this.sessions.authenticate(token, address);
    if (!isSafeMethod(method) && !this.sessions.isCsrfToken(raw.headers[CSRF_HEADER], token)) throw csrfTokenInvalid();
    return principal;
  }

  /**
   * @param address of the client
   * @throws ProblemError when the header holds no key in force, or one that may not be used from there
   */
  async authenticate(header: string | undefined, address: string): Promise<CallerIdentity> {
    const key = bearerToken(header);
    if (isSecretKey('mr_op', key)) return this.#operator(key, address);
    if (isSecretKey('mr_sk', key)) return this.#tenant(key, address);
    throw badKey();
  }

  async #operator(key: string, address: string): Promise<CallerIdentity> {
    if (this.operatorKeyHash !== undefined) {
      if (this.hasher.matches(key, this.operatorKeyHash)) return { kind: 'operator', actor: SET_OPERATOR_KEY };
      throw badKey();
    }
    const row = await this.#findKey(key);
    if (row.tenantId !== null) throw badKey();
    this.#noteUse(row, address);
    return { kind: 'operator', actor: { type: 'operator_key', id: row.id, name: row.label } };
  }

  async #tenant(key: string, address: string): Promise<CallerIdentity> {
    const row = await this.#findKey(key);
    const { tenantId } = row;
    if (tenantId === null) throw badKey();
    const tenant = await this.#tenants.read(tenantId);
    if (tenant === undefined || tenant.deletedAt !== null) throw badKey();
    if (row.allowedAddresses.length > 0 && !new AddressRanges(row.allowedAddresses).includes(address))
      throw addressNotAllowed(address);
    if (tenant.status === 'suspended') throw tenantSuspended();
    this.#noteUse(row, address);
    const apiRates = { read: tenant.maxApiReadsPerSecond, write: tenant.maxApiWritesPerSecond };
    const actor = { type: 'api_key', id: row.id, name: row.label } as const;
    return { kind: 'tenant', tenantId, scopes: row.scopes, apiRates, actor };
  }

  async #findKey(key: string): Promise<ApiKeyEntity> {
    const row = await this.#keys.read(this.hasher.hash(key).toString('hex'));
    if (row === undefined) throw badKey();
    if (row.expiresAt !== null && row.expiresAt.getTime() <= Date.now()) throw keyExpired(row.expiresAt);
    return row;
  }

  /** Not awaited: an answer does not wait for it, and a lost note does no harm. */
  #noteUse(row: ApiKeyEntity, address: string): void {
    const now = Date.now();
    if (row.lastUsedAt !== null && now - row.lastUsedAt.getTime() < LAST_USED_STEP_MS) return;
    this.database.runInBackground('record the use of an API key', (manager) =>
      manager.update(ApiKeyEntity, { id: row.id }, { lastUsedAt: new Date(now), lastUsedAddress: address }),
    );
  }
}

/** RFC 6750 §2.1; the scheme's name is case-insensitive (RFC 9110 §11.1). */
function bearerToken(header: string | undefined): string {
  if (header === undefined) throw missingKey();
  const [scheme, token, ...rest] = header.split(' ');
  if (scheme?.toLowerCase() !== 'bearer' || token === undefined || rest.length > 0) throw missingKey();
  return token;
}
