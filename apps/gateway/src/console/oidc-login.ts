// Log-in at the identity provider of the settings: from the button to the user that the provider's answer is about.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from '@millrace/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomBytes } from 'node:crypto';
import { IsNull, MoreThan, Not } from 'typeorm';
import type { EntityManager, FindOptionsWhere } from 'typeorm';
import { recordChange } from '../audit/record-change.ts';
import { loginFailed } from '../auth/auth.errors.ts';
import { ConsoleCookies } from '../auth/console-cookies.ts';
import { KeyHasher } from '../auth/key-hasher.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { timeOfChange } from '../etags/entity-tag.ts';
import { timeText } from '../http/fields.ts';
import { ProblemError } from '../http/problem-error.ts';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { ConsoleSessionEntity } from './console-session.entity.ts';
import { loginFacts } from './login-facts.ts';
import { LoginRates } from './login-rates.ts';
import type { BegunOidcLogin } from './oidc-logins.dto.ts';
import { grantFor, grantsIn } from './oidc-grants.ts';
import type { OidcGrant } from './oidc-grants.ts';
import { OidcLoginEntity } from './oidc-login.entity.ts';
import { OidcProvider } from './oidc-provider.ts';
import type { OidcIdentity, OidcSecrets } from './oidc-provider.ts';
import { plainEmail } from './user-fields.ts';
import { UserEntity } from './user.entity.ts';
import { writeUser } from './users.dto.ts';
import { lockRoomForUser, newUser } from './users.service.ts';

const SECRET_BYTES = 32;
const MS = 1_000;
const MAX_NAME_LENGTH = 100;

/** What the provider says of a person, with an address that it has verified. */
interface KnownPerson extends OidcIdentity {
  readonly email: string;
}

@Injectable()
export class OidcLogin implements OnApplicationBootstrap {
  readonly #provider: OidcProvider | undefined;
  readonly #grants: readonly OidcGrant[];

  constructor(
    private readonly database: Database,
    private readonly hasher: KeyHasher,
    private readonly cookies: ConsoleCookies,
    private readonly rates: LoginRates,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {
    this.#provider = OidcProvider.of(settings, logger);
    this.#grants = grantsIn(settings.oidcGrants);
  }

  /** Not awaited: a provider that is away must not keep a gateway from starting. */
  onApplicationBootstrap(): void {
    void this.#provider?.prepare();
  }

  /** Where a user logs out of the provider too; null: not a user of it, or it is not known. */
  logOutUrlOf({ oidcSubject }: Pick<UserEntity, 'oidcSubject'>): string | null {
    return oidcSubject === null ? null : (this.#provider?.logOutUrl ?? null);
  }

  /** Begins a log-in: the answer sets a cookie, which the browser must show with the provider's answer. */
  async begin(request: FastifyRequest, reply: FastifyReply): Promise<BegunOidcLogin> {
    const provider = this.#configured();
    this.cookies.refuseOtherSites(request);
    this.rates.countAddress(request.server.clientAddresses.of(request.raw));
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const url = await provider.authorizationUrl(this.#secretsOf(secret));
    const expiresAt = new Date(Date.now() + this.settings.oidcLoginMs);
    await this.database.run((manager) =>
      manager.insert(OidcLoginEntity, { hash: this.hasher.hash(secret), expiresAt }),
    );
    void reply.header('set-cookie', this.cookies.writeOidc(request, secret, this.settings.oidcLoginMs / MS));
    return { authorization_url: url, expires_at: timeText(expiresAt) };
  }

  /**
   * @param response the query that the provider sent the browser back with
   * @returns the user's id
   * @throws ProblemError
   */
  async logIn(request: FastifyRequest, response: string): Promise<string> {
    const provider = this.#configured();
    this.rates.countAddress(request.server.clientAddresses.of(request.raw));
    const secret = this.cookies.readOidc(request);
    if (secret === undefined || !(await this.#use(secret)))
      throw loginFailed('This log-in was begun in another browser, has been used, or took too long: begin again.');
    const identity = await provider.identityFrom(response, this.#secretsOf(secret));
    try {
      return await this.#userFor(request, personIn(identity, provider.name));
    } catch (error) {
      const { subject } = identity;
      if (error instanceof ProblemError)
        this.logger.info({ subject, reason: error.message }, 'an OpenID Connect log-in was refused');
      throw error;
    }
  }

  #configured(): OidcProvider {
    if (this.#provider === undefined)
      throw new ProblemError('not_found', 'This server has no identity provider to log in at.');
    return this.#provider;
  }

  /** Derived from what only the browser keeps: nothing of a log-in can be read from the database. */
  #secretsOf(secret: string): OidcSecrets {
    const derive = (name: string): string => this.hasher.hash(`oidc ${name} ${secret}`).toString('base64url');
    return { state: derive('state'), nonce: derive('nonce'), codeVerifier: derive('verifier') };
  }

  async #use(secret: string): Promise<boolean> {
    const where = { hash: this.hasher.hash(secret), expiresAt: MoreThan(new Date()) };
    const { affected } = await this.database.run((manager) => manager.delete(OidcLoginEntity, where));
    return affected === 1;
  }

  async #userFor(request: FastifyRequest, person: KnownPerson): Promise<string> {
    const grant = grantFor(this.#grants, person);
    const { user, overdue } = await this.database.transaction(
      async (manager) => {
        const known = await findUser(manager, person, grant);
        if (known === undefined) return { user: await this.#create(manager, request, person, grant), overdue: false };
        // Rights that came from the provider end with what they came from.
        if (known.oidcManaged && grant?.tenantId !== known.tenantId) {
          await manager.delete(ConsoleSessionEntity, { userId: known.id });
          return { user: known, overdue: true };
        }
        return { user: await this.#update(manager, request, known, person, grant), overdue: false };
      },
      { turn: person.subject },
    );
    if (overdue) throw noAccount(`${person.email} has lost the group or domain that it had an account for.`);
    return user.id;
  }

  async #create(
    manager: EntityManager,
    request: FastifyRequest,
    person: KnownPerson,
    grant: OidcGrant | undefined,
  ): Promise<UserEntity> {
    const { email, subject, name = email } = person;
    if (grant === undefined) throw noAccount(`${email} has no account here: ask for an invitation.`);
    const { tenantId, role } = grant;
    await lockRoomForUser(manager, tenantId, this.settings.maxUsersPerTenant);
    const inTenant = { tenantId: tenantId ?? IsNull() };
    // Disabled, or of another person who had this address before.
    if (
      await manager.existsBy(UserEntity, [
        { ...inTenant, email },
        { ...inTenant, oidcSubject: subject },
      ])
    )
      throw noAccount(`The account of ${email} is disabled, or belongs to another person.`);
    const now = new Date();
    const user: UserEntity = {
      ...newUser(email),
      tenantId,
      role,
      name: name.slice(0, MAX_NAME_LENGTH),
      status: 'active',
      oidcSubject: subject,
      oidcManaged: true,
      lastLoginAt: now,
    };
    await manager.insert(UserEntity, user);
    const caller = principalOf(request, user, 'user.create');
    await recordChange(manager, caller, { tenantId, objectId: user.id, after: writeUser(user) });
    return user;
  }

  async #update(
    manager: EntityManager,
    request: FastifyRequest,
    user: UserEntity,
    { subject }: KnownPerson,
    grant: OidcGrant | undefined,
  ): Promise<UserEntity> {
    const role = user.oidcManaged && grant !== undefined ? grant.role : user.role;
    const after: UserEntity = { ...user, role, status: 'active', oidcSubject: subject, lastLoginAt: new Date() };
    const isChanged = role !== user.role || user.status !== 'active' || user.oidcSubject !== subject;
    if (isChanged) after.updatedAt = timeOfChange(user.updatedAt);
    const { id, tenantId, status, oidcSubject, lastLoginAt, updatedAt } = after;
    await manager.update(UserEntity, { id }, { role, status, oidcSubject, lastLoginAt, updatedAt });
    if (isChanged) {
      const objects = { before: writeUser(user), after: writeUser(after) };
      await recordChange(manager, principalOf(request, user, 'user.update'), { tenantId, objectId: id, ...objects });
    }
    return after;
  }
}

/**
 * By what never changes hands; else by the address, where no other person has used it to log in here. A grant names the tenant: an
 * invitation to another one, which that tenant can send to every address, does not come first.
 */
async function findUser(
  manager: EntityManager,
  { subject, email }: KnownPerson,
  grant: OidcGrant | undefined,
): Promise<UserEntity | undefined> {
  const find = async (where: FindOptionsWhere<UserEntity>): Promise<UserEntity | null> =>
    manager.findOne(UserEntity, {
      where: { ...where, status: Not('disabled') },
      order: { lastLoginAt: { direction: 'DESC', nulls: 'LAST' }, id: 'ASC' },
      lock: { mode: 'for_no_key_update' },
    });
  const ofGrant = grant !== undefined && { tenantId: grant.tenantId ?? IsNull() };
  return (
    (await find({ oidcSubject: subject })) ?? (await find({ oidcSubject: IsNull(), email, ...ofGrant })) ?? undefined
  );
}

function personIn(identity: OidcIdentity, provider: string): KnownPerson {
  const { email, emailVerified } = identity;
  if (email === undefined) throw noAccount(`${provider} does not say which email address you have.`);
  if (!emailVerified) throw noAccount(`${provider} has not verified the address ${email}.`);
  return { ...identity, email: plainEmail(email) };
}

/** The person who logs in, as who makes the change. */
function principalOf(request: FastifyRequest, { id, email, tenantId }: UserEntity, action: string): Principal {
  const actor = { type: 'user', id, name: email } as const;
  const facts = loginFacts(request, action);
  if (tenantId === null) return { kind: 'operator', actor, request: facts };
  return { kind: 'tenant', tenantId, scopes: [], actor, request: facts };
}

const noAccount = (detail: string): ProblemError => new ProblemError('no_account', detail);
