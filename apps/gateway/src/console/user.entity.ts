import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Role } from '../auth/roles.ts';
import { bigintColumn, idColumn, timeColumn } from '../database/columns.ts';

/** `invited` until the user has set a password, or has logged in at the identity provider. */
export const USER_STATUSES = ['invited', 'active', 'disabled'] as const;
export type UserStatus = (typeof USER_STATUSES)[number];

@Entity('users')
export class UserEntity {
  @PrimaryColumn(idColumn())
  id!: string;

  /** Null: an operator. */
  @Column(idColumn({ name: 'tenant_id', nullable: true }))
  tenantId!: string | null;

  /** In lower case. */
  @Column(idColumn())
  email!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text' })
  role!: Role;

  @Column({ type: 'text' })
  status!: UserStatus;

  /** As `Passwords` writes it. */
  @Column({ name: 'password_hash', type: 'text', nullable: true })
  passwordHash!: string | null;

  /** Sealed; counts once `totpEnabled`. */
  @Column({ name: 'totp_secret', type: 'bytea', nullable: true })
  totpSecret!: Buffer | null;

  @Column({ name: 'totp_enabled', type: 'boolean' })
  totpEnabled!: boolean;

  /** The time step of the newest code that was accepted: no code of it, or of one before, is accepted again. */
  @Column(bigintColumn({ name: 'totp_last_step' }))
  totpLastStep!: number;

  /** Keyed hashes of those that are left. */
  @Column({ name: 'recovery_codes', type: 'bytea', array: true })
  recoveryCodes!: Buffer[];

  /** Issuer and subject of the identity provider's account, once the user has logged in with it. */
  @Column(idColumn({ name: 'oidc_subject', nullable: true }))
  oidcSubject!: string | null;

  /** Made by a group or domain of the identity provider: the role is what it says at each log-in. */
  @Column({ name: 'oidc_managed', type: 'boolean' })
  oidcManaged!: boolean;

  @Column(timeColumn({ name: 'created_at' }))
  createdAt!: Date;

  @Column(timeColumn({ name: 'updated_at' }))
  updatedAt!: Date;

  @Column(timeColumn({ name: 'last_login_at', nullable: true }))
  lastLoginAt!: Date | null;
}
