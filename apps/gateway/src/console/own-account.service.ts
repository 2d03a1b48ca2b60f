// What users change about their own log-in.
import { Injectable } from '@nestjs/common';
import { IsNull, Not } from 'typeorm';
import { loginFailed } from '../auth/auth.errors.ts';
import { notFound } from '../auth/principal.ts';
import type { Principal } from '../auth/principal.ts';
import { TotpSeal } from '../auth/secret-seal.ts';
import { Database } from '../database/database.ts';
import { ProblemError } from '../http/problem-error.ts';
import { ConsoleSessionEntity } from './console-session.entity.ts';
import { LoginRates } from './login-rates.ts';
import { Passwords } from './passwords.ts';
import { SecondFactors } from './second-factors.ts';
import { newRecoveryCodes, newTotpSecret, otpauthUrl, stepOfCode } from './totp.ts';
import { UserEntity } from './user.entity.ts';
import { refuseBadPassword } from './users.service.ts';
import type {
  ChangePasswordBody,
  DisableTotpBody,
  EnrolTotpBody,
  RecoveryCodes,
  TotpEnrolment,
  VerifyTotpBody,
} from './users.dto.ts';

/** As authenticator apps show it. */
const ISSUER = 'Millrace';

@Injectable()
export class OwnAccountService {
  constructor(
    private readonly database: Database,
    private readonly passwords: Passwords,
    private readonly factors: SecondFactors,
    private readonly seal: TotpSeal,
    private readonly rates: LoginRates,
  ) {}

  /** Ends the user's other sessions: one of them may be the reason. */
  async changePassword(caller: Principal, id: string, body: ChangePasswordBody): Promise<void> {
    const user = await this.#confirm(caller, id, body.current_password);
    refuseBadPassword(body.new_password, user.email, '/new_password');
    const passwordHash = await this.passwords.hash(body.new_password);
    await this.database.transaction(async (manager) => {
      // Of two changes at the same time, one finds the password that it was shown.
      const changes = { passwordHash, updatedAt: new Date() };
      const { affected } = await manager.update(UserEntity, { id, passwordHash: user.passwordHash ?? '' }, changes);
      if (affected !== 1) throw loginFailed();
      await manager.delete(ConsoleSessionEntity, { userId: id, id: Not(caller.consoleSessionId ?? '') });
    });
  }

  /** Counts once a code of it was shown. */
  async enrolTotp(caller: Principal, id: string, { password }: EnrolTotpBody): Promise<TotpEnrolment> {
    const user = await this.#confirm(caller, id, password);
    const secret = newTotpSecret();
    const changes = { totpSecret: this.seal.seal(secret, id), totpLastStep: 0, updatedAt: new Date() };
    const { affected } = await this.database.run((manager) =>
      manager.update(UserEntity, { id, totpEnabled: false }, changes),
    );
    if (affected !== 1)
      throw new ProblemError('conflict', 'This user has an authenticator app already: disable it first.');
    return { secret, otpauth_url: otpauthUrl(secret, user.email, ISSUER) };
  }

  async verifyTotp(caller: Principal, id: string, { code }: VerifyTotpBody): Promise<RecoveryCodes> {
    const user = await this.#findSelf(caller, id);
    if (user.totpEnabled || user.totpSecret === null)
      throw new ProblemError('conflict', 'There is no authenticator app to verify: begin with its enrolment.');
    this.rates.countOwn(id);
    const step = stepOfCode(this.seal.open(user.totpSecret, id), code, Date.now(), user.totpLastStep);
    if (step === undefined) throw loginFailed('This code is not valid now.');
    const codes = newRecoveryCodes();
    const changes = {
      totpEnabled: true,
      totpLastStep: step,
      recoveryCodes: codes.map((text) => this.factors.hashOfRecoveryCode(id, text)),
      updatedAt: new Date(),
    };
    // Of two at the same time, one shows codes that count.
    const { affected } = await this.database.run((manager) =>
      manager.update(UserEntity, { id, totpEnabled: false, totpSecret: user.totpSecret ?? IsNull() }, changes),
    );
    if (affected !== 1) throw new ProblemError('conflict', 'The enrolment has changed in the meantime.');
    return { recovery_codes: codes };
  }

  async disableTotp(caller: Principal, id: string, body: DisableTotpBody): Promise<void> {
    const user = await this.#confirm(caller, id, body.password);
    if (user.totpEnabled && !(await this.factors.use(user, body))) throw loginFailed('This code is not valid now.');
    const changes = { totpSecret: null, totpEnabled: false, recoveryCodes: [], updatedAt: new Date() };
    await this.database.run((manager) => manager.update(UserEntity, { id }, changes));
  }

  /** An open session is not enough: it may have been left open. */
  async #confirm(caller: Principal, id: string, password: string): Promise<UserEntity> {
    const user = await this.#findSelf(caller, id);
    this.rates.countOwn(id);
    if (!(await this.passwords.matches(password, user.passwordHash))) throw loginFailed('The password is not right.');
    return user;
  }

  async #findSelf({ actor }: Principal, id: string): Promise<UserEntity> {
    if (actor.type !== 'user' || actor.id !== id) throw notFound();
    const user = await this.database.run((manager) => manager.findOneBy(UserEntity, { id }));
    if (user === null) throw notFound();
    return user;
  }
}
