import type { JSX } from 'preact';
import { useId } from 'preact/hooks';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { useTenants } from './use-tenants.ts';

/** An operator looks at every tenant, or at one. */
export function TenantChoice(): JSX.Element {
  const { tenantId, chooseTenant } = useSession();
  const tenants = useTenants();
  const id = useId();
  return (
    <div class="field tenant-choice">
      <label for={id}>{texts.shell.tenant}</label>
      <select
        id={id}
        value={tenantId ?? ''}
        onChange={({ currentTarget }) => chooseTenant(currentTarget.value === '' ? undefined : currentTarget.value)}
      >
        <option value="">{texts.shell.allTenants}</option>
        {tenants.map((tenant) => (
          <option key={tenant.id} value={tenant.id}>
            {tenant.name}
          </option>
        ))}
      </select>
    </div>
  );
}
