// From the token of a console session to the caller, with the rights that its key or its user has now.
import { Inject, Injectable } from '@nestjs/common';
import { AddressRanges } from '@millrace/service-kit';
import { isSecretKey } from '@millrace/domain';
import { timingSafeEqual } from 'node:crypto';
import { BatchReader } from '../database/batch-reader.ts';
import { Database } from '../database/database.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { addressNotAllowed, sessionOver, tenantSuspended } from './auth.errors.ts';
import { KeyHasher } from './key-hasher.ts';
import { OPERATOR_KEY_HASH } from './operator-key-hash.ts';
import { SET_OPERATOR_KEY } from './principal.ts';
import type { CallerIdentity, TenantApiRates } from './principal.ts';
import { isTenantRole, scopesOfRole } from './roles.ts';

/** The use of a session is written at most once in this time, or more often where sessions end sooner. */
const LAST_USED_STEP_MS = 60_000;
const STEPS_PER_IDLE_TIME = 4;

/** A session with what it depends on. Columns of a left join are null where there is no such row. */
interface SessionRow {
  readonly id: string;
  readonly hash: Buffer;
  readonly user_id: string | null;
  readonly api_key_id: string | null;
  readonly operator_key_hash: Buffer | null;
  readonly address: string;
  readonly last_used_at: Date;
  readonly expires_at: Date;
  readonly user_tenant_id: string | null;
  readonly user_role: string | null;
  readonly user_email: string | null;
  readonly user_status: string | null;
  readonly key_tenant_id: string | null;
  readonly key_label: string | null;
  readonly key_scopes: string[] | null;
  readonly key_allowed_addresses: string[] | null;
  readonly key_expires_at: Date | null;
  readonly tenant_status: string | null;
  readonly tenant_reads: number | null;
  readonly tenant_writes: number | null;
  readonly tenant_deleted_at: Date | null;
}

const FIND = `SELECT s.id, s.hash, s.user_id, s.api_key_id, s.operator_key_hash, s.address, s.last_used_at, s.expires_at,
    u.tenant_id AS user_tenant_id, u.role AS user_role, u.email AS user_email, u.status AS user_status,
    k.tenant_id AS key_tenant_id, k.label AS key_label, k.scopes AS key_scopes, k.allowed_addresses AS key_allowed_addresses,
    k.expires_at AS key_expires_at, t.status AS tenant_status, t.deleted_at AS tenant_deleted_at,
    t.max_api_reads_per_second AS tenant_reads, t.max_api_writes_per_second AS tenant_writes
  FROM console_sessions s
    LEFT JOIN users u ON u.id = s.user_id
    LEFT JOIN api_keys k ON k.id = s.api_key_id
    LEFT JOIN tenants t ON t.id = COALESCE(u.tenant_id, k.tenant_id)
  WHERE s.hash = ANY($1)`;

@Injectable()
export class SessionAuthenticator {
  readonly #sessions: BatchReader<SessionRow>;

  constructor(
    private readonly database: Database,
    private readonly hasher: KeyHasher,
    @Inject(OPERATOR_KEY_HASH) private readonly operatorKeyHash: Buffer | undefined,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {
    this.#sessions = new BatchReader(async (hashes) => {
      const bytes = hashes.map((hash) => Buffer.from(hash, 'hex'));
      const rows = await database.run((manager) => manager.query<SessionRow[]>(FIND, [bytes]));
      return new Map(rows.map((row) => [row.hash.toString('hex'), row]));
    });
  }

  /**
   * @param address of the client
   * @throws ProblemError when there is no such session, it is over, or its key or user may do nothing any more
   */
  async authenticate(token: string, address: string): Promise<CallerIdentity> {
    if (!isSecretKey('mr_cs', token)) throw sessionOver();
    const row = await this.#sessions.read(this.hasher.hash(token).toString('hex'));
    const now = Date.now();
    const idleSince = now - this.settings.consoleSessionIdleMs;
    if (row === undefined || row.expires_at.getTime() <= now || row.last_used_at.getTime() <= idleSince)
      throw sessionOver();
    if (row.tenant_deleted_at !== null) throw sessionOver();
    const principal = this.#principalOf(row, now);
    if (row.tenant_status === 'suspended') throw tenantSuspended();
    const ranges = row.key_allowed_addresses ?? [];
    if (ranges.length > 0 && !new AddressRanges(ranges).includes(address)) throw addressNotAllowed(address);
    this.#noteUse(row, address, now);
    return principal;
  }

  /** What a page sends along to show that it can read the answers of this server: derived, and so kept nowhere. */
  csrfTokenOf(token: string): string {
    return this.hasher.hash(`csrf ${token}`).toString('base64url');
  }

  isCsrfToken(given: unknown, token: string): boolean {
    if (typeof given !== 'string') return false;
    const [a, b] = [Buffer.from(given), Buffer.from(this.csrfTokenOf(token))];
    return a.length === b.length && timingSafeEqual(a, b);
  }

  #principalOf(row: SessionRow, now: number): CallerIdentity {
    const consoleSessionId = row.id;
    if (row.user_id !== null) return { ...userOf(row, row.user_id), consoleSessionId };
    return { ...this.#keyOf(row, now), consoleSessionId };
  }

  #keyOf(row: SessionRow, now: number): CallerIdentity {
    const { api_key_id: apiKeyId, key_tenant_id: tenantId, key_scopes: scopes, key_label: name } = row;
    // The operator's key of the settings has no row: the session is over when there is another one in its place.
    if (apiKeyId === null) {
      const [made, current] = [row.operator_key_hash, this.operatorKeyHash];
      if (made === null || current === undefined || !made.equals(current)) throw sessionOver();
      return { kind: 'operator', actor: SET_OPERATOR_KEY };
    }
    if (row.key_expires_at !== null && row.key_expires_at.getTime() <= now) throw sessionOver();
    if (tenantId !== null) {
      const actor = { type: 'api_key', id: apiKeyId, name } as const;
      return { kind: 'tenant', tenantId, scopes: scopes ?? [], apiRates: apiRatesOf(row), actor };
    }
    if (this.operatorKeyHash !== undefined) throw sessionOver();
    return { kind: 'operator', actor: { type: 'operator_key', id: apiKeyId, name } };
  }

  /** Not awaited: an answer does not wait for it. */
  #noteUse(row: SessionRow, address: string, now: number): void {
    const stepMs = Math.min(LAST_USED_STEP_MS, this.settings.consoleSessionIdleMs / STEPS_PER_IDLE_TIME);
    if (now - row.last_used_at.getTime() < stepMs && row.address === address) return;
    this.database.runInBackground('record the use of a console session', (manager) =>
      manager.query(`UPDATE console_sessions SET last_used_at = $2, address = $3 WHERE id = $1`, [
        row.id,
        new Date(now),
        address,
      ]),
    );
  }
}

function userOf(row: SessionRow, userId: string): CallerIdentity {
  const { user_tenant_id: tenantId, user_role: role, user_email: email, user_status: status } = row;
  if (role === null || email === null || status !== 'active') throw sessionOver();
  const actor = { type: 'user', id: userId, name: email } as const;
  if (tenantId === null) {
    if (role !== 'operator') throw sessionOver();
    return { kind: 'operator', actor };
  }
  if (!isTenantRole(role)) throw sessionOver();
  return { kind: 'tenant', tenantId, scopes: scopesOfRole(role), apiRates: apiRatesOf(row), actor };
}

const apiRatesOf = ({ tenant_reads: read, tenant_writes: write }: SessionRow): TenantApiRates => ({ read, write });
