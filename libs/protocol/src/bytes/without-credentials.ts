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
  return withoutSecrets(text, [shown, password, encodeURIComponent(password.toWellFormed())]);
}

/** @param text whole, likewise */
export const withoutSecrets = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((left, secret) => (secret === '' ? left : left.replaceAll(secret, '***')), text);

/** Shorter values of a query are numbers of channels and such, and no secrets. */
const MIN_SECRET_LENGTH = 6;

/** What may be secret of an address without credentials: its query, and each value in it, as it stands and decoded. */
export function secretsOfQuery(address: string): string[] {
  const at = address.indexOf('?');
  const query = at < 0 ? '' : address.slice(at + 1);
  const values = [...new URLSearchParams(query)].flatMap(([, value]) => [value, encodeURIComponent(value)]);
  return [query, ...values.filter(({ length }) => length >= MIN_SECRET_LENGTH)];
}
