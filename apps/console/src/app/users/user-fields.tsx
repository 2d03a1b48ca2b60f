import type { JSX } from 'preact';
import { useSession } from '../session-context.tsx';
import { TenantField } from '../shell/tenant-field.tsx';
import { texts } from '../texts.ts';
import { ChoiceField, TextField } from '../ui/field.tsx';

/** Who is invited, and what that person may do. */
export function UserFields(): JSX.Element {
  const { isOperator } = useSession();
  return (
    <>
      <TextField label={texts.users.email} name="email" type="email" isRequired hasFocus />
      <TextField label={texts.common.name} name="name" hint={texts.users.nameHint} maxLength={100} />
      <ChoiceField
        label={texts.users.role}
        name="role"
        value="member"
        options={isOperator ? [...texts.users.tenantRoles, ...texts.users.operatorRole] : texts.users.tenantRoles}
      />
      <TenantField />
    </>
  );
}
