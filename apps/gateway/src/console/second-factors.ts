// One-time codes of users: from an authenticator app, or from the list of recovery codes. Each is accepted once.
import { Injectable } from '@nestjs/common';
import { KeyHasher } from '../auth/key-hasher.ts';
import { Database } from '../database/database.ts';
import { plainRecoveryCode, stepOfCode } from './totp.ts';
import { TotpSeal } from '../auth/secret-seal.ts';
import type { UserEntity } from './user.entity.ts';

export interface SecondFactor {
  readonly totp_code?: string | undefined;
  readonly recovery_code?: string | undefined;
}

@Injectable()
export class SecondFactors {
  constructor(
    private readonly database: Database,
    private readonly hasher: KeyHasher,
    private readonly seal: TotpSeal,
  ) {}

  /** Takes a code of this user. @returns false when it is wrong, or was taken before */
  async use(user: UserEntity, { totp_code, recovery_code }: SecondFactor): Promise<boolean> {
    if (totp_code !== undefined) return this.#useTotp(user, totp_code);
    return recovery_code !== undefined && this.#useRecoveryCode(user, recovery_code);
  }

  hashOfRecoveryCode(userId: string, code: string): Buffer {
    return this.hasher.hash(`recovery ${userId} ${plainRecoveryCode(code)}`);
  }

  async #useTotp({ id, totpSecret, totpLastStep }: UserEntity, code: string): Promise<boolean> {
    if (totpSecret === null) return false;
    const step = stepOfCode(this.seal.open(totpSecret, id), code, Date.now(), totpLastStep);
    // Of two uses at the same time, one changes the row.
    return (
      step !== undefined &&
      this.#changesOne(`UPDATE users SET totp_last_step = $2 WHERE id = $1 AND totp_last_step < $2 RETURNING id`, [
        id,
        step,
      ])
    );
  }

  async #useRecoveryCode({ id }: UserEntity, code: string): Promise<boolean> {
    const hash = this.hashOfRecoveryCode(id, code);
    return this.#changesOne(
      `UPDATE users SET recovery_codes = array_remove(recovery_codes, $2)
       WHERE id = $1 AND $2 = ANY (recovery_codes) RETURNING id`,
      [id, hash],
    );
  }

  async #changesOne(statement: string, parameters: readonly unknown[]): Promise<boolean> {
    const [rows] = await this.database.run((manager) =>
      manager.query<[readonly unknown[], number]>(statement, [...parameters]),
    );
    return rows.length === 1;
  }
}
