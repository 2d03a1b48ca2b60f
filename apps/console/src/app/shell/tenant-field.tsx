import type { JSX } from 'preact';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { textOf } from '../ui/dialog.tsx';
import { ChoiceField } from '../ui/field.tsx';
import { useTenants } from './use-tenants.ts';

/** Whose the new thing is: asked only where an operator looks at every tenant. `tenantIn` reads the answer. */
export function TenantField(): JSX.Element | null {
  const { tenantId } = useSession();
  return tenantId === undefined ? <TenantOptions /> : null;
}

function TenantOptions(): JSX.Element {
  const tenants = useTenants();
  return (
    <ChoiceField label={texts.shell.tenant} name="tenant_id" options={tenants.map(({ id, name }) => [id, name])} />
  );
}

/** For the body of a request that creates something. */
export function tenantIn(fields: FormData, tenantId: string | undefined): { readonly tenant_id: string } {
  return { tenant_id: tenantId ?? textOf(fields, 'tenant_id') };
}
