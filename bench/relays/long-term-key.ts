// The credentials that the peers are configured with, and how the load tool is told of them.
import { createHash } from 'node:crypto';

export const USER = 'bench';
export const PASSWORD = 'bench-password';
export const REALM = 'bench.example';

/** RFC 8489 section 9.2.2: the key of the long-term credential. */
export function longTermArgs(user: string, realm: string, password: string): string[] {
  const key = createHash('md5').update(`${user}:${realm}:${password}`).digest('hex');
  return ['--user', user, '--realm', realm, '--key', key];
}
