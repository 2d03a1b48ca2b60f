interface Login {
  readonly username: string;
  readonly password: string;
}

/**
 * What another server says, without what it was shown, which some servers repeat.
 *
 * @param text whole: of a secret that was cut, the rest would not be found
 */
export function withoutCredentials(text: string, { username, password }: Login): string {
  // As it goes with `Authorization: Basic` (RFC 7617 section 2), also where the padding is left out.
  const shown = Buffer.from(`${username}:${password}`).toString('base64').replace(/=+$/, '');
  return withoutSecrets(text, [shown, password]);
}

/** @param text whole, likewise */
export const withoutSecrets = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((left, secret) => (secret === '' ? left : left.replaceAll(secret, '***')), text);
