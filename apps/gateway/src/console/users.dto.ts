import { z } from 'zod';
import { ROLES } from '../auth/roles.ts';
import { idField, nameField, optionalTimeText, timeField, timeText } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import { emailField, existingPassword, newPassword, recoveryCodeField, totpCodeField } from './user-fields.ts';
import { USER_STATUSES } from './user.entity.ts';
import type { UserEntity } from './user.entity.ts';

const MAX_NAME_LENGTH = 100;
const MAX_TOKEN_LENGTH = 100;

const name = nameField(MAX_NAME_LENGTH).describe('Display name of the user.');
const role = z
  .enum(ROLES)
  .describe(
    'What the user may do. `viewer` reads, `member` also manages streams, stream keys, rooms and webhooks, `owner` may do everything ' +
      'in the tenant, `operator` everything on this server.',
  );
const token = z.string().min(1).max(MAX_TOKEN_LENGTH).describe('`token` of the link.');

export const userParam = idField('user');

export const createUserBody = z
  .strictObject({
    tenant_id: idField('tenant')
      .optional()
      .describe('The tenant of the user: required with the operator key, but for the role `operator`.'),
    email: emailField(),
    name: name.optional(),
    role,
  })
  .meta({ id: 'CreateUser' });
export type CreateUserBody = z.infer<typeof createUserBody>;

export const updateUserBody = z
  .strictObject({
    name: name.optional(),
    role: role.optional(),
    status: z.enum(['active', 'disabled']).optional().describe('A disabled user is logged out and cannot log in.'),
  })
  .meta({ id: 'UpdateUser' });
export type UpdateUserBody = z.infer<typeof updateUserBody>;

export const listUsersQuery = z.strictObject({ ...pageQuery, tenant_id: idField('tenant').optional() });
export type ListUsersQuery = z.infer<typeof listUsersQuery>;

const fields = {
  id: userParam,
  tenant_id: idField('tenant').nullable().describe('null: an operator.'),
  email: z.string(),
  name,
  role,
  status: z.enum(USER_STATUSES).describe('`invited`: the user has not set a password yet.'),
  totp_enabled: z.boolean().describe('Whether log-in needs a code of an authenticator app.'),
  created_at: timeField(),
  updated_at: timeField(),
  last_login_at: timeField().nullable(),
};

export const userAnswer = z.strictObject(fields).meta({ id: 'User' });
export type UserAnswer = z.infer<typeof userAnswer>;

export const userLink = z
  .strictObject({
    url: z.string().describe('Pass it on to the user: it works once.'),
    token: z.string().describe('The part of the link that counts.'),
    expires_at: timeField(),
  })
  .meta({ id: 'UserLink' });
export type UserLink = z.infer<typeof userLink>;

export const userWithLink = z.strictObject({ ...fields, link: userLink }).meta({ id: 'UserWithLink' });
export type UserWithLink = z.infer<typeof userWithLink>;

export const userPage = pageOf(userAnswer).meta({ id: 'UserPage' });

export const writeUser = (row: UserEntity): UserAnswer => ({
  id: row.id,
  tenant_id: row.tenantId,
  email: row.email,
  name: row.name,
  role: row.role,
  status: row.status,
  totp_enabled: row.totpEnabled,
  created_at: timeText(row.createdAt),
  updated_at: timeText(row.updatedAt),
  last_login_at: optionalTimeText(row.lastLoginAt),
});

export const inspectLinkBody = z.strictObject({ token }).meta({ id: 'InspectUserLink' });
export type InspectLinkBody = z.infer<typeof inspectLinkBody>;

export const linkAnswer = z
  .strictObject({
    kind: z.enum(['invitation', 'password_reset']),
    email: z.string(),
    name: z.string(),
    tenant_name: z.string().nullable().describe('null: an operator.'),
    expires_at: timeField(),
  })
  .meta({ id: 'UserLinkContent' });
export type LinkAnswer = z.infer<typeof linkAnswer>;

export const acceptLinkBody = z
  .strictObject({ token, password: newPassword(), name: name.optional() })
  .meta({ id: 'AcceptUserLink' });
export type AcceptLinkBody = z.infer<typeof acceptLinkBody>;

export const acceptAnswer = z
  .strictObject({ email: z.string().describe('Log in with it and the new password.') })
  .meta({ id: 'AcceptedUserLink' });
export type AcceptAnswer = z.infer<typeof acceptAnswer>;

export const changePasswordBody = z
  .strictObject({ current_password: existingPassword(), new_password: newPassword() })
  .meta({ id: 'ChangePassword' });
export type ChangePasswordBody = z.infer<typeof changePasswordBody>;

export const enrolTotpBody = z.strictObject({ password: existingPassword() }).meta({ id: 'EnrolTotp' });
export type EnrolTotpBody = z.infer<typeof enrolTotpBody>;

export const totpEnrolment = z
  .strictObject({
    secret: z.string().describe('For apps that cannot read the QR code. It is shown only once.'),
    otpauth_url: z.string().describe('Content of the QR code for an authenticator app.'),
  })
  .meta({ id: 'TotpEnrolment' });
export type TotpEnrolment = z.infer<typeof totpEnrolment>;

export const verifyTotpBody = z.strictObject({ code: totpCodeField() }).meta({ id: 'VerifyTotp' });
export type VerifyTotpBody = z.infer<typeof verifyTotpBody>;

export const recoveryCodes = z
  .strictObject({ recovery_codes: z.array(z.string()).describe('Each logs in once. They are shown only once.') })
  .meta({ id: 'RecoveryCodes' });
export type RecoveryCodes = z.infer<typeof recoveryCodes>;

export const disableTotpBody = z
  .strictObject({
    password: existingPassword(),
    totp_code: totpCodeField().optional(),
    recovery_code: recoveryCodeField().optional(),
  })
  .meta({ id: 'DisableTotp' });
export type DisableTotpBody = z.infer<typeof disableTotpBody>;
