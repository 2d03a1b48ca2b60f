import type { JSX } from 'preact';
import { withQuery } from '../api/console-api.ts';
import type { Tenant } from '../api/resources.ts';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { FormDialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';

interface DeleteTenantDialogProps {
  readonly tenant: Tenant;
  readonly onDeleted: () => Promise<void>;
  readonly onClose: () => void;
}

/** Asks for the name: this takes everything that a tenant has, for good where it is deleted already. */
export function DeleteTenantDialog({ tenant, onDeleted, onClose }: DeleteTenantDialogProps): JSX.Element {
  const { api } = useSession();
  const isDeleted = tenant.status === 'deleted';
  return (
    <FormDialog
      title={texts.tenants.deleteTitle(tenant.name)}
      submitText={texts.common.delete}
      isDanger
      onSubmit={async () => {
        await api.delete(withQuery(`/v1/tenants/${tenant.id}`, { purge: isDeleted ? 'true' : undefined }));
        await onDeleted();
      }}
      onClose={onClose}
    >
      <p>{isDeleted ? texts.tenants.purgeExplanation : texts.tenants.deleteExplanation}</p>
      <TextField
        label={texts.tenants.confirmName}
        name="confirmation"
        hint={tenant.name}
        pattern={literalPattern(tenant.name)}
        isRequired
        hasFocus
      />
    </FormDialog>
  );
}

/** For the `pattern` of an input. */
const literalPattern = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
