// From an email address and a password, with a one-time code where the user has an authenticator app, to the user.
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@millrace/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { recordChange } from '../audit/record-change.ts';
import { loginFailed } from '../auth/auth.errors.ts';
import { ConsoleCookies } from '../auth/console-cookies.ts';
import { Database } from '../database/database.ts';
import { ProblemError } from '../http/problem-error.ts';
import { GATEWAY_LOGGER } from '../ports/tokens.ts';
import { loginFacts } from './login-facts.ts';
import { LoginRates } from './login-rates.ts';
import { Passwords } from './passwords.ts';
import { SecondFactors } from './second-factors.ts';
import type { SecondFactor } from './second-factors.ts';
import { plainEmail } from './user-fields.ts';
import { UserEntity } from './user.entity.ts';

/** The same person may be a user of several tenants. Each is one more password to check. */
const MAX_USERS_PER_EMAIL = 5;

export interface PasswordAttempt extends SecondFactor {
  readonly email: string;
  readonly password: string;
}

@Injectable()
export class PasswordLogin {
  constructor(
    private readonly database: Database,
    private readonly passwords: Passwords,
    private readonly factors: SecondFactors,
    private readonly cookies: ConsoleCookies,
    private readonly rates: LoginRates,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * One answer, in the same time, for an unknown address and for a wrong password.
   *
   * @returns the user's id
   * @throws ProblemError
   */
  async logIn(request: FastifyRequest, reply: FastifyReply, attempt: PasswordAttempt): Promise<string> {
    const email = plainEmail(attempt.email);
    const address = request.server.clientAddresses.of(request.raw);
    this.rates.count(address, email, this.cookies.readDevice(request));
    const users = await this.#findUsers(email);
    const user = await this.#choose(users, attempt.password);
    if (user === undefined) {
      this.logger.info({ address }, 'console log-in failed');
      for (const each of users) this.#recordRefusal(request, each);
      throw loginFailed();
    }
    if (user.totpEnabled) await this.#checkSecondFactor(request, user, attempt);
    const lastLoginAt = new Date();
    await this.database.run((manager) => manager.update(UserEntity, { id: user.id }, { lastLoginAt }));
    void reply.header('set-cookie', [this.cookies.writeDevice(request, this.rates.newDevice(email))]);
    return user.id;
  }

  async #checkSecondFactor(request: FastifyRequest, user: UserEntity, attempt: PasswordAttempt): Promise<void> {
    if (attempt.totp_code === undefined && attempt.recovery_code === undefined)
      throw new ProblemError('totp_required', 'Enter the code that your authenticator app shows.', {
        headers: { 'www-authenticate': 'Bearer realm="millrace"' },
      });
    if (await this.factors.use(user, attempt)) return;
    const address = request.server.clientAddresses.of(request.raw);
    this.logger.info({ address, user_id: user.id }, 'console log-in failed: wrong one-time code');
    this.#recordRefusal(request, user);
    throw loginFailed();
  }

  async #findUsers(email: string): Promise<UserEntity[]> {
    return this.database.run((manager) =>
      manager.find(UserEntity, {
        where: { email, status: 'active' },
        order: { lastLoginAt: { direction: 'DESC', nulls: 'LAST' }, id: 'ASC' },
        take: MAX_USERS_PER_EMAIL,
      }),
    );
  }

  async #choose(users: readonly UserEntity[], password: string): Promise<UserEntity | undefined> {
    if (users.length === 0) await this.passwords.matches(password, null);
    for (const user of users) if (await this.passwords.matches(password, user.passwordHash)) return user;
    return undefined;
  }

  /** Not awaited: the answer must not take longer for an account that exists. */
  #recordRefusal(request: FastifyRequest, { id, tenantId, email }: UserEntity): void {
    const actor = { type: 'user', id, name: email } as const;
    const facts = loginFacts(request, 'console_session.refuse');
    const who =
      tenantId === null ? ({ kind: 'operator' } as const) : ({ kind: 'tenant', tenantId, scopes: [] } as const);
    this.database.runInBackground('record a refused log-in', (manager) =>
      recordChange(manager, { ...who, actor, request: facts }, { tenantId, objectId: id }),
    );
  }
}
