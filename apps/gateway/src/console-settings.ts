// What the gateway reads from the environment about the console.
import { list, milliseconds, setting, text, url, wholeNumber } from '@millrace/service-kit';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const MAX_DAYS = 3_660;

const GRANT = /^(?:group:.+=operator|(?:group|domain):.+=(?:owner|member|viewer)@ten_[0-9a-z]{26})$/;
const oidcGrants = list.refine(
  (entries) => entries.every((entry) => GRANT.test(entry)),
  'must be group:NAME=operator, group:NAME=ROLE@TENANT or domain:NAME=ROLE@TENANT, with the role owner, member or viewer',
);

export const consoleSettings = {
  consoleSessionIdleMs: setting(
    'MILLRACE_CONSOLE_SESSION_IDLE_MS',
    wholeNumber(1_000, MAX_DAYS * DAY_MS),
    24 * HOUR_MS,
    'How long a console session may be unused before it ends, in milliseconds.',
  ),
  consoleSessionMaxMs: setting(
    'MILLRACE_CONSOLE_SESSION_MAX_MS',
    wholeNumber(1_000, MAX_DAYS * DAY_MS),
    14 * DAY_MS,
    'How long a console session lasts at most, in milliseconds.',
  ),
  maxConsoleSessionsPerCaller: setting(
    'MILLRACE_MAX_CONSOLE_SESSIONS_PER_CALLER',
    wholeNumber(1, 1_000),
    20,
    'How many console sessions one user or key may have; one more ends the oldest.',
  ),
  loginLinkMs: setting(
    'MILLRACE_LOGIN_LINK_MS',
    wholeNumber(1_000, DAY_MS),
    15 * MINUTE_MS,
    'How long a link that logs in once is valid, in milliseconds.',
  ),
  invitationMs: setting(
    'MILLRACE_INVITATION_MS',
    wholeNumber(1_000, 90 * DAY_MS),
    7 * DAY_MS,
    'How long an invitation of a user is valid, in milliseconds.',
  ),
  passwordResetMs: setting(
    'MILLRACE_PASSWORD_RESET_MS',
    wholeNumber(1_000, 90 * DAY_MS),
    DAY_MS,
    'How long a link to set a new password is valid, in milliseconds.',
  ),
  maxUsersPerTenant: setting(
    'MILLRACE_MAX_USERS_PER_TENANT',
    wholeNumber(1, 100_000),
    200,
    'How many users a tenant may have, and how many operators there may be.',
  ),
  loginsPerMinutePerAddress: setting(
    'MILLRACE_LOGINS_PER_MINUTE_PER_ADDRESS',
    wholeNumber(1, 100_000),
    20,
    'Log-ins with a password that one address (IPv6: one /64 network) may try per minute.',
  ),
  loginsPerMinutePerAccount: setting(
    'MILLRACE_LOGINS_PER_MINUTE_PER_ACCOUNT',
    wholeNumber(1, 100_000),
    5,
    'Log-ins with a password that may be tried per minute for one email address; browsers that have logged in before have as many each.',
  ),
  passwordChecksAtOnce: setting(
    'MILLRACE_PASSWORD_CHECKS_AT_ONCE',
    wholeNumber(1, 64),
    2,
    'How many passwords one gateway checks concurrently, each with 19 MiB of memory; the others wait.',
  ),
  oidcIssuer: setting(
    'MILLRACE_OIDC_ISSUER',
    url('https', 'http').optional(),
    undefined,
    'Issuer of the OpenID Connect provider that users of the console log in at, such as https://accounts.google.com; needs MILLRACE_OIDC_CLIENT_ID.',
  ),
  oidcClientId: setting(
    'MILLRACE_OIDC_CLIENT_ID',
    text.optional(),
    undefined,
    'Client id at that provider. Its redirect URI is MILLRACE_PUBLIC_URL followed by /console/oidc.',
  ),
  oidcClientSecret: setting(
    'MILLRACE_OIDC_CLIENT_SECRET',
    text.optional(),
    undefined,
    'Client secret at that provider; when not set, the client is public and proves itself by PKCE alone.',
    { secret: true },
  ),
  oidcName: setting('MILLRACE_OIDC_NAME', text, 'single sign-on', 'What the log-in page calls the provider.'),
  oidcScopes: setting(
    'MILLRACE_OIDC_SCOPES',
    text,
    'openid email profile',
    'Scopes that the provider is asked for, separated by spaces; openid and email are needed.',
  ),
  oidcGroupsClaim: setting(
    'MILLRACE_OIDC_GROUPS_CLAIM',
    text,
    'groups',
    "Claim with the groups or roles of a user, or the path to it, such as Keycloak's realm_access.roles.",
  ),
  oidcGrants: setting(
    'MILLRACE_OIDC_GRANTS',
    oidcGrants,
    () => [],
    'Who gets an account at the first log-in without an invitation, separated by commas, the first that applies: group:NAME=ROLE@TENANT, domain:NAME=ROLE@TENANT or group:NAME=operator. Empty: only users who are invited may log in.',
    { emptyIsNone: true },
  ),
  oidcLoginMs: setting(
    'MILLRACE_OIDC_LOGIN_MS',
    wholeNumber(1_000, DAY_MS),
    10 * MINUTE_MS,
    'How long a user may take at the provider, in milliseconds.',
  ),
  oidcTimeoutMs: setting(
    'MILLRACE_OIDC_TIMEOUT_MS',
    milliseconds(1),
    5_000,
    'How long the provider may take to answer one request of a gateway, in milliseconds.',
  ),
};
