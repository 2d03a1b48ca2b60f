import { Inject, Injectable } from '@nestjs/common';
import { newId } from '@millrace/domain';
import { IsNull } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { recordChange } from '../audit/record-change.ts';
import { listScope, notFound, ownedBy } from '../auth/principal.ts';
import type { Principal, RequestFacts } from '../auth/principal.ts';
import { isTenantRole, scopesOfRole } from '../auth/roles.ts';
import type { Role } from '../auth/roles.ts';
import { hasScope } from '../auth/scopes.ts';
import { Database } from '../database/database.ts';
import { requireMatch, timeOfChange } from '../etags/entity-tag.ts';
import { timeText } from '../http/fields.ts';
import { pageFind, toPage } from '../http/pages.ts';
import type { Page } from '../http/pages.ts';
import { ProblemError } from '../http/problem-error.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { lockTenant, tenantFor } from '../tenants/tenant-choice.ts';
import { TenantEntity } from '../tenants/tenant.entity.ts';
import { ConsoleSessionEntity } from './console-session.entity.ts';
import { linkOfUser, OneTimeLinks } from './one-time-links.ts';
import type { LinkKind } from './one-time-link.entity.ts';
import { faultOfPassword, Passwords } from './passwords.ts';
import { plainEmail } from './user-fields.ts';
import { UserEntity } from './user.entity.ts';
import { writeUser } from './users.dto.ts';
import type {
  AcceptAnswer,
  AcceptLinkBody,
  CreateUserBody,
  LinkAnswer,
  ListUsersQuery,
  UpdateUserBody,
  UserAnswer,
  UserLink,
  UserWithLink,
} from './users.dto.ts';

/** Where the console reads the token of a link, by kind. */
const LINK_PATHS = { invitation: '/console/#invitation=', password_reset: '/console/#reset=' } as const;
type UserLinkKind = keyof typeof LINK_PATHS;
const USER_LINKS: readonly LinkKind[] = ['invitation', 'password_reset'];

@Injectable()
export class UsersService {
  constructor(
    private readonly database: Database,
    private readonly links: OneTimeLinks,
    private readonly passwords: Passwords,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  /** Invites a user, who sets a password by the link. */
  async create(caller: Principal, body: CreateUserBody): Promise<UserWithLink> {
    const tenantId = tenantOf(caller, body);
    requireRightsOf(caller, body.role);
    const email = plainEmail(body.email);
    const row: UserEntity = { ...newUser(email), tenantId, role: body.role, name: body.name ?? email };
    const link = await this.database.transaction(
      async (manager) => {
        await lockRoomForUser(manager, tenantId, this.settings.maxUsersPerTenant);
        if (await manager.existsBy(UserEntity, { tenantId: tenantId ?? IsNull(), email }))
          throw new ProblemError('conflict', 'There is a user with this email address already.');
        await manager.insert(UserEntity, row);
        await recordChange(manager, caller, { tenantId, objectId: row.id, after: writeUser(row) });
        return this.#makeLink(manager, row);
      },
      { turn: tenantId ?? 'operators' },
    );
    return { ...writeUser(row), link };
  }

  async list(caller: Principal, query: ListUsersQuery): Promise<Page<UserAnswer>> {
    const { before, order, take } = pageFind('user', query);
    const where = { ...before, ...listScope(caller, query.tenant_id) };
    const rows = await this.database.run((manager) => manager.find(UserEntity, { where, order, take }));
    return toPage(rows, query.limit, writeUser);
  }

  async read(caller: Principal, id: string): Promise<UserAnswer> {
    return writeUser(await this.#find(caller, id));
  }

  /** Takes effect with the user's next request. */
  async update(caller: Principal, id: string, body: UpdateUserBody): Promise<UserAnswer> {
    const row = await this.#change(caller, id, (user) => {
      const { name, role, status } = body;
      if (role !== undefined) requireRightsOf(caller, role);
      if (role !== undefined && (role === 'operator') !== (user.tenantId === null)) throw roleOfOtherKind(role);
      if (status === 'active' && user.passwordHash === null)
        throw new ProblemError('conflict', 'This user has no password yet: create a password link.');
      return {
        ...(name !== undefined && { name }),
        ...(role !== undefined && { role }),
        ...(status !== undefined && { status }),
      };
    });
    return writeUser(row);
  }

  async remove(caller: Principal, id: string): Promise<void> {
    await this.database.transaction(async (manager) => {
      const user = await lockUser(manager, caller, id);
      requireRightsOf(caller, user.role);
      requireMatch(caller, writeUser(user));
      await manager.delete(UserEntity, { id });
      await recordChange(manager, caller, { tenantId: user.tenantId, objectId: id, before: writeUser(user) });
    });
  }

  /** A new invitation, or a link to set a new password. Older links of the user work no more. */
  async createLink(caller: Principal, id: string): Promise<UserLink> {
    return this.database.transaction(async (manager) => {
      const user = await lockUser(manager, caller, id);
      requireRightsOf(caller, user.role);
      if (user.status === 'disabled') throw new ProblemError('conflict', 'This user is disabled.');
      await this.links.forgetOfUser(manager, id);
      await recordChange(manager, caller, { tenantId: user.tenantId, objectId: id });
      return this.#makeLink(manager, user);
    });
  }

  /** For a user who has lost the phone and the recovery codes. */
  async removeTotp(caller: Principal, id: string): Promise<void> {
    await this.#change(caller, id, () => ({ totpSecret: null, totpEnabled: false, recoveryCodes: [] }));
  }

  async inspectLink(token: string): Promise<LinkAnswer> {
    return this.database.run(async (manager) => {
      const link = await this.links.find(manager, USER_LINKS, token);
      const user = link && (await manager.findOneBy(UserEntity, { id: link.userId ?? '' }));
      if (link === undefined || !user || user.status === 'disabled') throw linkInvalid();
      const { tenantId, email, name } = user;
      const tenant = tenantId === null ? null : await manager.findOneBy(TenantEntity, { id: tenantId });
      const tenant_name = tenant?.name ?? null;
      return { kind: link.kind as UserLinkKind, email, name, tenant_name, expires_at: timeText(link.expiresAt) };
    });
  }

  /** Sets the password, and ends the sessions of the user. */
  async acceptLink({ token, password, name }: AcceptLinkBody, request: RequestFacts): Promise<AcceptAnswer> {
    const { email } = await this.inspectLink(token);
    refuseBadPassword(password, email, '/password');
    const passwordHash = await this.passwords.hash(password);
    return this.database.transaction(async (manager) => {
      const link = await this.links.use(manager, USER_LINKS, token);
      const id = link?.userId ?? null;
      if (link === undefined || id === null) throw linkInvalid();
      const user = await manager.findOne(UserEntity, { where: { id }, lock: { mode: 'for_no_key_update' } });
      if (user === null || user.status === 'disabled') throw linkInvalid();
      const named = name !== undefined && link.kind === 'invitation' ? { name } : {};
      const changes = { passwordHash, status: 'active' as const, updatedAt: new Date(), ...named };
      await manager.update(UserEntity, { id }, changes);
      await this.links.forgetOfUser(manager, id);
      await manager.delete(ConsoleSessionEntity, { userId: id });
      const { tenantId, email } = user;
      const actor = { type: 'user', id, name: email } as const;
      const who =
        tenantId === null ? ({ kind: 'operator' } as const) : ({ kind: 'tenant', tenantId, scopes: [] } as const);
      const objects = { before: writeUser(user), after: writeUser({ ...user, ...changes }) };
      await recordChange(manager, { ...who, actor, request }, { tenantId, objectId: id, ...objects });
      return { email };
    });
  }

  async #change(
    caller: Principal,
    id: string,
    changesOf: (user: UserEntity) => Partial<UserEntity>,
  ): Promise<UserEntity> {
    return this.database.transaction(async (manager) => {
      const user = await lockUser(manager, caller, id);
      requireRightsOf(caller, user.role);
      requireMatch(caller, writeUser(user));
      const changes = { ...changesOf(user), updatedAt: timeOfChange(user.updatedAt) };
      await manager.update(UserEntity, { id }, changes);
      const after = { ...user, ...changes };
      if (after.status === 'disabled') await manager.delete(ConsoleSessionEntity, { userId: id });
      const objects = { before: writeUser(user), after: writeUser(after) };
      await recordChange(manager, caller, { tenantId: user.tenantId, objectId: id, ...objects });
      return after;
    });
  }

  async #find(caller: Principal, id: string): Promise<UserEntity> {
    const row = await this.database.run((manager) => manager.findOneBy(UserEntity, { id, ...ownedBy(caller) }));
    if (row === null) throw notFound();
    return row;
  }

  async #makeLink(manager: EntityManager, user: UserEntity): Promise<UserLink> {
    const kind: UserLinkKind = user.passwordHash === null ? 'invitation' : 'password_reset';
    const { invitationMs, passwordResetMs, publicUrl } = this.settings;
    const expiresAt = new Date(Date.now() + (kind === 'invitation' ? invitationMs : passwordResetMs));
    const token = await this.links.make(manager, kind, linkOfUser(user.id), expiresAt);
    return { url: publicUrl + LINK_PATHS[kind] + token, token, expires_at: timeText(expiresAt) };
  }
}

/** Holds the place until the transaction ends. @throws ProblemError */
export async function lockRoomForUser(manager: EntityManager, tenantId: string | null, max: number): Promise<void> {
  if (tenantId === null) await manager.query(`SELECT pg_advisory_xact_lock(hashtext('millrace operators'))`);
  else await lockTenant(manager, tenantId);
  if ((await manager.countBy(UserEntity, { tenantId: tenantId ?? IsNull() })) >= max)
    throw new ProblemError('quota_exceeded', `A tenant can have at most ${max} users.`);
}

export const newUser = (email: string): Omit<UserEntity, 'tenantId' | 'role' | 'name'> => ({
  id: newId('usr'),
  email,
  status: 'invited',
  passwordHash: null,
  totpSecret: null,
  totpEnabled: false,
  totpLastStep: 0,
  recoveryCodes: [],
  oidcSubject: null,
  oidcManaged: false,
  createdAt: new Date(),
  updatedAt: new Date(),
  lastLoginAt: null,
});

/** Holds the row until the transaction ends. */
async function lockUser(manager: EntityManager, caller: Principal, id: string): Promise<UserEntity> {
  const where = { id, ...ownedBy(caller) };
  const user = await manager.findOne(UserEntity, { where, lock: { mode: 'for_no_key_update' } });
  if (user === null) throw notFound();
  return user;
}

/** An operator belongs to no tenant. */
function tenantOf(caller: Principal, { role, tenant_id }: CreateUserBody): string | null {
  if (role !== 'operator') return tenantFor(caller, tenant_id);
  if (tenant_id !== undefined) throw invalid('/tenant_id', 'an operator belongs to no tenant');
  return null;
}

/**
 * A caller manages only users who may do no more than the caller: else a key for users alone would open everything else.
 *
 * @throws ProblemError
 */
function requireRightsOf(caller: Principal, role: Role): void {
  if (caller.kind === 'operator') return;
  const missing = isTenantRole(role) ? scopesOfRole(role).filter((scope) => !hasScope(caller.scopes, scope)) : ['*'];
  if (missing.length > 0)
    throw new ProblemError(
      'insufficient_scope',
      `The role \`${role}\` has rights that this caller lacks: ${missing.join(', ')}.`,
    );
}

/** @throws ProblemError */
export function refuseBadPassword(password: string, email: string, pointer: string): void {
  const fault = faultOfPassword(password, email);
  if (fault !== undefined) throw invalid(pointer, fault);
}

const invalid = (pointer: string, detail: string): ProblemError =>
  new ProblemError('invalid_request', 'The request is invalid; `errors` lists the problems.', {
    errors: [{ pointer, detail }],
  });

const roleOfOtherKind = (role: Role): ProblemError =>
  invalid('/role', role === 'operator' ? 'is not for users of a tenant' : 'is not for operators');

const linkInvalid = (): ProblemError =>
  new ProblemError('link_invalid', 'This link was used already, was replaced, or has expired.');
