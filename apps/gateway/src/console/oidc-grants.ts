// Who gets an account without an invitation, and with which role: `group:studio=member@ten_…`,
// `domain:example.com=viewer@ten_…`, `group:admins=operator`.
import { isTenantRole } from '../auth/roles.ts';
import type { Role } from '../auth/roles.ts';

export interface OidcGrant {
  readonly by: 'group' | 'domain';
  /** The group, or the domain of email addresses in lower case. */
  readonly name: string;
  readonly role: Role;
  /** null: operators belong to no tenant. */
  readonly tenantId: string | null;
}

const FORM = /^(group|domain):(.+)=(\w+)(?:@(\w+))?$/;

/** @param entries as the setting has checked them */
export const grantsIn = (entries: readonly string[]): readonly OidcGrant[] =>
  entries.map((entry): OidcGrant => {
    const [, by, name = '', role = '', tenantId = null] = FORM.exec(entry) ?? [];
    if (by === 'group' && role === 'operator' && tenantId === null) return { by, name, role, tenantId };
    if ((by !== 'group' && by !== 'domain') || !isTenantRole(role) || tenantId === null)
      throw new Error(`not a grant: ${entry}`);
    return { by, name: by === 'domain' ? name.toLowerCase() : name, role, tenantId };
  });

/** @returns the first that applies: the order of the setting is that of precedence */
export function grantFor(
  grants: readonly OidcGrant[],
  { email, groups }: { readonly email: string; readonly groups: readonly string[] },
): OidcGrant | undefined {
  const domain = email.slice(email.lastIndexOf('@') + 1);
  return grants.find(({ by, name }) => (by === 'group' ? groups.includes(name) : name === domain));
}
