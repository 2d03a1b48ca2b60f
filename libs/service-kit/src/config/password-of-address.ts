// Puts a password that is kept apart into the addresses that it is for.
import { SecretFault, secretText } from './secret-text.ts';
import type { Environment } from './secret-text.ts';
import type { PasswordOfAddress } from './setting.ts';

/**
 * @param addresses one, or several separated by commas; those that are none are left for their schema to refuse
 * @returns the same with the password in each
 * @throws {SecretFault} when there is no place for it
 */
export function withPassword(addresses: string, env: Environment, { variable, needsUser }: PasswordOfAddress): string {
  const password = secretText(env, variable);
  if (password === undefined) return addresses;
  const each = addresses.split(',').map((address) => {
    if (!URL.canParse(address.trim())) return address;
    const url = new URL(address.trim());
    if (url.password !== '')
      throw new SecretFault(variable, 'the address already contains a password: remove one of the two');
    if (needsUser && url.username === '')
      throw new SecretFault(variable, 'the address must name a user, as in user@host');
    url.password = encodeURIComponent(password);
    return url.href;
  });
  return each.join(',');
}
