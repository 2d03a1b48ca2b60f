import { z } from 'zod';
import { ROLES } from '../auth/roles.ts';
import type { Role } from '../auth/roles.ts';
import { idField, timeField, timeText } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import { emailField, existingPassword, recoveryCodeField, totpCodeField } from './user-fields.ts';

const MAX_SECRET_LENGTH = 100;

const MAX_OIDC_RESPONSE_LENGTH = 4_096;

const WAYS = ['api_key', 'email', 'login_code', 'oidc_response'] as const;
const ONE_WAY = 'give one of `api_key`, `login_code`, `oidc_response`, or `email` with `password`';

export const createConsoleSessionBody = z
  .strictObject({
    api_key: z.string().max(MAX_SECRET_LENGTH).optional().describe('An API key, or the operator key.'),
    email: emailField().optional(),
    password: existingPassword().optional().describe('The password of the user with this email address.'),
    totp_code: totpCodeField().optional().describe('Code of the authenticator app, for users who have one.'),
    recovery_code: recoveryCodeField().optional().describe('Instead of `totp_code`. Each works once.'),
    login_code: z.string().max(MAX_SECRET_LENGTH).optional().describe('Of a link that logs in once.'),
    oidc_response: z
      .string()
      .min(1)
      .max(MAX_OIDC_RESPONSE_LENGTH)
      .optional()
      .describe('The query that the identity provider sent the browser back with, such as `code=…&state=…`.'),
  })
  .superRefine((body, context) => {
    const given = WAYS.filter((name) => body[name] !== undefined);
    if (given.length !== 1) context.addIssue({ code: 'custom', message: ONE_WAY, path: [] });
    else if ((body.email === undefined) !== (body.password === undefined))
      context.addIssue({ code: 'custom', message: ONE_WAY, path: ['password'] });
    if (body.email === undefined)
      for (const name of ['totp_code', 'recovery_code'] as const)
        if (body[name] !== undefined) context.addIssue({ code: 'custom', message: 'needs a password', path: [name] });
  })
  .meta({ id: 'CreateConsoleSession' });
export type CreateConsoleSessionBody = z.infer<typeof createConsoleSessionBody>;

export const consoleSessionParam = idField('consoleSession');

const userOfSession = z
  .strictObject({
    id: idField('user'),
    email: z.string(),
    name: z.string(),
    totp_enabled: z.boolean(),
    has_password: z
      .boolean()
      .describe('Whether the user has a password: not one who logs in at the identity provider.'),
    provider_logout_url: z
      .string()
      .nullable()
      .describe('Where a user who logs in at the identity provider logs out of it; null: another user, or not known.'),
  })
  .meta({ id: 'ConsoleSessionUser' });

const fields = {
  id: consoleSessionParam,
  kind: z.enum(['user', 'api_key']).describe('Who is logged in: a user, or a browser that has an API key.'),
  user: userOfSession.nullable().describe('null: not a user.'),
  api_key_id: idField('apiKey').nullable().describe('null: a user, or the operator key of the settings.'),
  tenant_id: idField('tenant').nullable().describe('null: an operator.'),
  role: z.enum(ROLES).nullable().describe('null: the API key of a tenant.'),
  scopes: z.array(z.string()),
  created_at: timeField(),
  last_used_at: timeField(),
  expires_at: timeField().describe('When the session ends if it is not used any more.'),
  address: z.string().describe('Where it was last used from.'),
  user_agent: z.string().nullable(),
  current: z.boolean().describe('Whether this request came with this session.'),
};

export const consoleSessionAnswer = z.strictObject(fields).meta({ id: 'ConsoleSession' });
export type ConsoleSessionAnswer = z.infer<typeof consoleSessionAnswer>;

export const consoleSessionWithToken = z
  .strictObject({
    ...fields,
    csrf_token: z.string().describe('Send it in the header X-CSRF-Token with every request that is not GET.'),
  })
  .meta({ id: 'ConsoleSessionWithToken' });
export type ConsoleSessionWithToken = z.infer<typeof consoleSessionWithToken>;

export const consoleSessionPage = pageOf(consoleSessionAnswer).meta({ id: 'ConsoleSessionPage' });

export const listConsoleSessionsQuery = z.strictObject({
  ...pageQuery,
  tenant_id: idField('tenant').optional(),
  user_id: idField('user').optional(),
});
export type ListConsoleSessionsQuery = z.infer<typeof listConsoleSessionsQuery>;

export const consoleLogin = z
  .strictObject({
    login_code: z.string().describe('It is shown only once, and logs in once.'),
    url: z.string().describe('The console, with the code in it.'),
    expires_at: timeField(),
  })
  .meta({ id: 'ConsoleLogin' });
export type ConsoleLogin = z.infer<typeof consoleLogin>;

/** What is known of a session besides its row. */
export interface SessionRights {
  readonly user: z.infer<typeof userOfSession> | null;
  readonly role: Role | null;
  readonly scopes: readonly string[];
}

export interface SessionTimes {
  readonly id: string;
  readonly tenantId: string | null;
  readonly userId: string | null;
  readonly apiKeyId: string | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly address: string;
  readonly userAgent: string | null;
}

export const writeConsoleSession = (
  row: SessionTimes,
  { user, role, scopes }: SessionRights,
  { endsAt, current }: { readonly endsAt: Date; readonly current: boolean },
): ConsoleSessionAnswer => ({
  id: row.id,
  kind: row.userId === null ? 'api_key' : 'user',
  user,
  api_key_id: row.apiKeyId,
  tenant_id: row.tenantId,
  role,
  scopes: [...scopes],
  created_at: timeText(row.createdAt),
  last_used_at: timeText(row.lastUsedAt),
  expires_at: timeText(endsAt),
  address: row.address,
  user_agent: row.userAgent,
  current,
});
