import { Inject, Injectable } from '@nestjs/common';
import { isSecretKey, newId, newSecretKey } from '@millrace/domain';
import type { Logger } from '@millrace/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { In, IsNull, LessThan } from 'typeorm';
import type { FindOptionsWhere } from 'typeorm';
import { ApiKeyEntity } from '../api-keys/api-key.entity.ts';
import { Authenticator } from '../api-keys/authenticator.ts';
import { recordChange } from '../audit/record-change.ts';
import { loginFailed, SessionOver, sessionOver, WrongKey } from '../auth/auth.errors.ts';
import { ConsoleCookies } from '../auth/console-cookies.ts';
import { KeyHasher } from '../auth/key-hasher.ts';
import { OPERATOR_KEY_HASH } from '../auth/operator-key-hash.ts';
import { listScope, notFound, setPrincipal } from '../auth/principal.ts';
import type { CallerIdentity, Principal } from '../auth/principal.ts';
import { isTenantRole, scopesOfRole } from '../auth/roles.ts';
import { hasScope } from '../auth/scopes.ts';
import { SessionAuthenticator } from '../auth/session-authenticator.ts';
import { Database } from '../database/database.ts';
import { deleteInBatches } from '../database/delete-in-batches.ts';
import { Purges } from '../database/purges.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page } from '../http/pages.ts';
import { ProblemError } from '../http/problem-error.ts';
import { timeText } from '../http/fields.ts';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { ConsoleSessionEntity } from './console-session.entity.ts';
import { writeConsoleSession } from './console-sessions.dto.ts';
import type {
  ConsoleLogin,
  ConsoleSessionAnswer,
  ConsoleSessionWithToken,
  CreateConsoleSessionBody,
  ListConsoleSessionsQuery,
  SessionRights,
} from './console-sessions.dto.ts';
import { loginFacts } from './login-facts.ts';
import { linkOfUser, OneTimeLinks } from './one-time-links.ts';
import type { LinkOwner } from './one-time-links.ts';
import { OidcLoginEntity } from './oidc-login.entity.ts';
import { OidcLogin } from './oidc-login.ts';
import { OneTimeLinkEntity } from './one-time-link.entity.ts';
import { PasswordLogin } from './password-login.ts';
import { UserEntity } from './user.entity.ts';

const MS = 1_000;
const MAX_USER_AGENT_LENGTH = 300;
/** Where the console reads the code of a link that logs in once. */
const LOGIN_PATH = '/console/#login=';

/** Of sessions and links. */
const PURGE_EVERY_MS = 10 * 60_000;

@Injectable()
export class ConsoleSessionsService {
  constructor(
    private readonly database: Database,
    private readonly hasher: KeyHasher,
    private readonly authenticator: Authenticator,
    private readonly sessions: SessionAuthenticator,
    private readonly cookies: ConsoleCookies,
    private readonly links: OneTimeLinks,
    private readonly passwords: PasswordLogin,
    private readonly oidc: OidcLogin,
    @Inject(OPERATOR_KEY_HASH) private readonly operatorKeyHash: Buffer | undefined,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
    purges: Purges,
  ) {
    purges.add({
      what: 'old console sessions',
      everyMs: PURGE_EVERY_MS,
      run: (nowMs, stop) => this.#purge(nowMs, stop),
    });
  }

  /** Logs in: the answer sets the cookie. */
  async create(
    request: FastifyRequest,
    reply: FastifyReply,
    body: CreateConsoleSessionBody,
  ): Promise<ConsoleSessionWithToken> {
    // Else another site could log a browser in to an account of its own.
    this.cookies.refuseOtherSites(request);
    const owner = await this.#ownerOf(request, reply, body);
    const token = newSecretKey('mr_cs');
    const row = await this.#insert(owner, token, request);
    const identity = await this.#identityOf(token, row);
    const caller: Principal = { ...identity, request: loginFacts(request, 'console_session.create') };
    setPrincipal(request, caller);
    await this.database.transaction((manager) =>
      recordChange(manager, caller, { tenantId: row.tenantId, objectId: row.id }),
    );
    this.logger.info({ session_id: row.id, address: row.address, ...ownerFields(owner) }, 'console log-in');
    void reply.header('set-cookie', [this.cookies.write(request, token, this.settings.consoleSessionMaxMs / MS)]);
    return { ...(await this.#describe([row], row.id))(row), csrf_token: this.sessions.csrfTokenOf(token) };
  }

  async readCurrent(caller: Principal, request: FastifyRequest): Promise<ConsoleSessionWithToken> {
    const row = await this.#findCurrent(caller);
    const token = this.cookies.read(request);
    if (token === undefined) throw sessionOver();
    return { ...(await this.#describe([row], row.id))(row), csrf_token: this.sessions.csrfTokenOf(token) };
  }

  /** Logs out. */
  async endCurrent(caller: Principal, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { id, tenantId } = await this.#findCurrent(caller);
    await this.database.transaction(async (manager) => {
      await manager.delete(ConsoleSessionEntity, { id });
      await recordChange(manager, caller, { tenantId, objectId: id });
    });
    void reply.header('set-cookie', this.cookies.clear(request));
  }

  /** The caller's own, or those of the whole tenant for a caller who may see its users. */
  async list(caller: Principal, query: ListConsoleSessionsQuery): Promise<Page<ConsoleSessionAnswer>> {
    const { before, order, take } = pageFind('consoleSession', query);
    const scope = {
      ...listScope(caller, query.tenant_id),
      ...(query.user_id !== undefined && { userId: query.user_id }),
    };
    const own = this.#seesAll(caller, 'users:read') ? {} : this.#own(caller);
    const rows = await this.database.run((manager) =>
      manager.find(ConsoleSessionEntity, { where: { ...before, ...scope, ...own }, order, take }),
    );
    return toPage(rows, query.limit, await this.#describe(rows, caller.consoleSessionId));
  }

  async end(caller: Principal, id: string): Promise<void> {
    const scope = caller.kind === 'operator' ? {} : { tenantId: caller.tenantId };
    const own = this.#seesAll(caller, 'users:write') ? {} : this.#own(caller);
    await this.database.transaction(async (manager) => {
      const row = await manager.findOneBy(ConsoleSessionEntity, { id, ...scope, ...own });
      const { affected } = row === null ? { affected: 0 } : await manager.delete(ConsoleSessionEntity, { id });
      if (row === null || affected !== 1) throw notFound();
      await recordChange(manager, caller, { tenantId: row.tenantId, objectId: id });
    });
  }

  /** A link that logs in once, with the rights of the key that asked for it. */
  async createLogin(caller: Principal): Promise<ConsoleLogin> {
    if (caller.consoleSessionId !== undefined)
      throw new ProblemError('insufficient_scope', 'A log-in link is created with a key, not with a console session.');
    const expiresAt = new Date(Date.now() + this.settings.loginLinkMs);
    const owner = this.#ownerOfKey(caller);
    const tenantId = caller.kind === 'tenant' ? caller.tenantId : null;
    const code = await this.database.transaction(async (manager) => {
      await recordChange(manager, caller, { tenantId, objectId: caller.actor.id });
      return this.links.make(manager, 'login', owner, expiresAt);
    });
    return { login_code: code, url: this.settings.publicUrl + LOGIN_PATH + code, expires_at: timeText(expiresAt) };
  }

  /** Deletes sessions and links that are over. */
  async #purge(nowMs: number, stop: AbortSignal): Promise<void> {
    const over = LessThan(new Date(nowMs));
    await deleteInBatches(this.database, ConsoleSessionEntity, { expiresAt: over }, stop);
    const lastUsedAt = LessThan(new Date(nowMs - this.settings.consoleSessionIdleMs));
    await deleteInBatches(this.database, ConsoleSessionEntity, { lastUsedAt }, stop);
    await deleteInBatches(this.database, OneTimeLinkEntity, { expiresAt: over }, stop);
    await deleteInBatches(this.database, OidcLoginEntity, { expiresAt: over }, stop);
  }

  async #ownerOf(request: FastifyRequest, reply: FastifyReply, body: CreateConsoleSessionBody): Promise<LinkOwner> {
    const { api_key, login_code, oidc_response, email, password } = body;
    if (api_key !== undefined)
      return this.#countingWrongOnes(request, reply, () => this.#logInWithKey(request, api_key));
    if (login_code !== undefined) return this.#countingWrongOnes(request, reply, () => this.#logInWithLink(login_code));
    if (oidc_response !== undefined) return linkOfUser(await this.oidc.logIn(request, oidc_response));
    if (email === undefined || password === undefined) throw loginFailed();
    return linkOfUser(await this.passwords.logIn(request, reply, { ...body, email, password }));
  }

  /** Keys and codes are counted as keys in the Authorization header are. */
  async #countingWrongOnes(
    request: FastifyRequest,
    reply: FastifyReply,
    logIn: () => Promise<LinkOwner>,
  ): Promise<LinkOwner> {
    try {
      return await logIn();
    } catch (error) {
      if (!(error instanceof WrongKey)) throw error;
      throw request.server.apiRates.countWrongKey(request, reply) ?? loginFailed();
    }
  }

  async #logInWithKey(request: FastifyRequest, key: string): Promise<LinkOwner> {
    const address = request.server.clientAddresses.of(request.raw);
    return this.#ownerOfKey(await this.authenticator.authenticate(`Bearer ${key}`, address));
  }

  async #logInWithLink(code: string): Promise<LinkOwner> {
    const link = isSecretKey('mr_lc', code)
      ? await this.database.transaction((manager) => this.links.use(manager, ['login'], code))
      : undefined;
    if (link === undefined) throw new WrongKey();
    return link;
  }

  #ownerOfKey({ actor }: CallerIdentity): LinkOwner {
    if (actor.id !== null) return { userId: null, apiKeyId: actor.id, operatorKeyHash: null };
    if (this.operatorKeyHash === undefined) throw new WrongKey();
    return { userId: null, apiKeyId: null, operatorKeyHash: this.operatorKeyHash };
  }

  async #insert(owner: LinkOwner, token: string, request: FastifyRequest): Promise<ConsoleSessionEntity> {
    const now = new Date();
    const { userId, apiKeyId, operatorKeyHash } = owner;
    const same: FindOptionsWhere<ConsoleSessionEntity> =
      userId !== null ? { userId } : apiKeyId !== null ? { apiKeyId } : { userId: IsNull(), apiKeyId: IsNull() };
    const where = { hash: this.hasher.hash(token) };
    return this.database.transaction(
      async (manager) => {
        const [user, key] = [
          userId === null ? null : await manager.findOneBy(UserEntity, { id: userId }),
          apiKeyId === null ? null : await manager.findOneBy(ApiKeyEntity, { id: apiKeyId }),
        ];
        const row: ConsoleSessionEntity = {
          id: newId('cse'),
          ...where,
          tenantId: user?.tenantId ?? key?.tenantId ?? null,
          userId,
          apiKeyId,
          operatorKeyHash,
          address: request.server.clientAddresses.of(request.raw),
          userAgent: userAgentOf(request),
          createdAt: now,
          lastUsedAt: now,
          expiresAt: new Date(now.getTime() + this.settings.consoleSessionMaxMs),
        };
        // Deleted since it was looked at.
        if (user === null && key === null && operatorKeyHash === null) throw loginFailed();
        await manager.insert(ConsoleSessionEntity, row);
        const skip = this.settings.maxConsoleSessionsPerCaller;
        const over = await manager.find(ConsoleSessionEntity, { where: same, order: { id: 'DESC' }, skip, take: 100 });
        if (over.length > 0) await manager.delete(ConsoleSessionEntity, { id: In(over.map(({ id }) => id)) });
        return row;
      },
      { turn: userId ?? apiKeyId ?? 'operator' },
    );
  }

  /** What the new session may do: it may be nothing, as from an address that its key may not be used from. */
  async #identityOf(token: string, row: ConsoleSessionEntity): Promise<CallerIdentity> {
    try {
      return await this.sessions.authenticate(token, row.address);
    } catch (error) {
      await this.database.run((manager) => manager.delete(ConsoleSessionEntity, { id: row.id }));
      throw error instanceof SessionOver ? loginFailed() : error;
    }
  }

  async #findCurrent({ consoleSessionId: id }: Principal): Promise<ConsoleSessionEntity> {
    if (id === undefined)
      throw new ProblemError('not_found', 'This request came with a key, not with a console session.');
    const row = await this.database.run((manager) => manager.findOneBy(ConsoleSessionEntity, { id }));
    if (row === null) throw sessionOver();
    return row;
  }

  #seesAll(caller: Principal, scope: 'users:read' | 'users:write'): boolean {
    return caller.kind === 'operator' || hasScope(caller.scopes, scope);
  }

  #own({ actor }: Principal): FindOptionsWhere<ConsoleSessionEntity> {
    return actor.type === 'user' ? { userId: actor.id ?? '' } : { apiKeyId: actor.id ?? '' };
  }

  /** @returns writes the answer of each of these rows */
  async #describe(
    rows: readonly ConsoleSessionEntity[],
    currentId: string | undefined,
  ): Promise<(row: ConsoleSessionEntity) => ConsoleSessionAnswer> {
    const userIds = rows.flatMap(({ userId }) => userId ?? []);
    const keyIds = rows.flatMap(({ apiKeyId }) => apiKeyId ?? []);
    const [users, keys] = await this.database.run(async (manager) => [
      userIds.length === 0 ? [] : await manager.findBy(UserEntity, { id: In(userIds) }),
      keyIds.length === 0 ? [] : await manager.findBy(ApiKeyEntity, { id: In(keyIds) }),
    ]);
    const rightsOf = (row: ConsoleSessionEntity): SessionRights =>
      row.userId === null
        ? rightsOfKey(keys.find(({ id }) => id === row.apiKeyId))
        : this.#rightsOfUser(users.find(({ id }) => id === row.userId));
    return (row) => {
      const idleEndMs = row.lastUsedAt.getTime() + this.settings.consoleSessionIdleMs;
      const endsAt = new Date(Math.min(idleEndMs, row.expiresAt.getTime()));
      return writeConsoleSession(row, rightsOf(row), { endsAt, current: row.id === currentId });
    };
  }

  #rightsOfUser(user: UserEntity | undefined): SessionRights {
    if (user === undefined) return { user: null, role: null, scopes: [] };
    const { id, email, name, role, totpEnabled: totp_enabled, passwordHash } = user;
    const provider_logout_url = this.oidc.logOutUrlOf(user);
    return {
      user: { id, email, name, totp_enabled, has_password: passwordHash !== null, provider_logout_url },
      role,
      scopes: isTenantRole(role) ? scopesOfRole(role) : ['*'],
    };
  }
}

/** Of the operator's key of the settings there is no row. */
const rightsOfKey = (key: ApiKeyEntity | undefined): SessionRights =>
  key === undefined || key.tenantId === null
    ? { user: null, role: 'operator', scopes: ['*'] }
    : { user: null, role: null, scopes: key.scopes };

const ownerFields = ({ userId, apiKeyId }: LinkOwner): object =>
  userId !== null ? { user_id: userId } : apiKeyId !== null ? { api_key_id: apiKeyId } : { caller: 'operator' };

/** One line of visible text: it is shown in lists. */
function userAgentOf({ raw }: FastifyRequest): string | null {
  const text = raw.headers['user-agent'];
  return text === undefined ? null : text.replaceAll(/[^\x20-\x7e]/g, '').slice(0, MAX_USER_AGENT_LENGTH);
}
