// Fields of requests and answers that hold a secret, by their names: what is kept of them nowhere, or not for long.

/** A test compares this list with the fields that the OpenAPI document describes as shown once. */
const SECRET_FIELDS: ReadonlySet<string> = new Set([
  'key',
  'secret',
  'password',
  'new_password',
  'current_password',
  'private_key',
  'token',
  'call_url',
  'credential',
  'totp_secret',
  'otpauth_url',
  'recovery_codes',
  'url_with_token',
  'link',
  'login_code',
  'csrf_token',
]);

export const SECRET_MASK = '***';

export const isSecretField = (name: string): boolean => SECRET_FIELDS.has(name);

/** A copy in which every secret is masked. */
export function maskSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      name,
      isSecretField(name) && part !== null ? SECRET_MASK : maskSecrets(part),
    ]),
  );
}

export function holdsSecret(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsSecret);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, part]) => (isSecretField(name) && part !== null) || holdsSecret(part));
}
