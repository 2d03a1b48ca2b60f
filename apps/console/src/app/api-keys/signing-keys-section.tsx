import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { NewRoomSigningKey, RoomSigningKey } from '../api/resources.ts';
import { useList } from '../api/use-list.ts';
import { useSession } from '../session-context.tsx';
import { TenantField, tenantIn } from '../shell/tenant-field.tsx';
import { texts } from '../texts.ts';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { CopyField } from '../ui/copy-field.tsx';
import { DataTable, nameColumn } from '../ui/data-table.tsx';
import { Dialog, FormDialog, textOf } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { Moment } from '../ui/moment.tsx';
import { Section } from '../ui/section.tsx';
import { ShownList } from '../ui/shown.tsx';

type Asking = { readonly to: 'create' } | { readonly to: 'revoke'; readonly key: RoomSigningKey };

/** The secrets with which a tenant's own server lets participants in to rooms. */
export function SigningKeysSection(): JSX.Element {
  const { api, tenantId, may } = useSession();
  const list = useList<RoomSigningKey>('/v1/signing_keys', { tenant_id: tenantId });
  const [asking, setAsking] = useState<Asking>();
  const [made, setMade] = useState<NewRoomSigningKey>();
  const mayWrite = may('signing_keys:write');
  const close = (): void => setAsking(undefined);
  return (
    <Section
      title={texts.signingKeys.title}
      lead={texts.signingKeys.lead}
      actions={
        mayWrite && (
          <Button icon="plus" onClick={() => setAsking({ to: 'create' })}>
            {texts.signingKeys.create}
          </Button>
        )
      }
    >
      <ShownList list={list} empty={<p class="panel muted">{texts.signingKeys.empty}</p>}>
        {(keys) => (
          <DataTable
            label={texts.signingKeys.title}
            rows={keys}
            keyOf={({ id }) => id}
            columns={[
              nameColumn,
              { title: texts.signingKeys.secret, cell: ({ hint }) => <code>…{hint}</code> },
              {
                title: texts.common.state,
                cell: ({ status }) => (
                  <Badge tone={status === 'active' ? 'good' : 'neutral'}>{texts.playbackKeys.states[status]}</Badge>
                ),
              },
              {
                title: texts.keys.lastUsed,
                cell: ({ last_used_at: at }) => (at === null ? texts.common.never : <Moment at={at} />),
              },
              {
                isAtEnd: true,
                cell: (key) =>
                  mayWrite &&
                  key.status === 'active' && (
                    <div class="row-actions">
                      <Button onClick={() => setAsking({ to: 'revoke', key })}>{texts.keys.revoke}</Button>
                    </div>
                  ),
              },
            ]}
          />
        )}
      </ShownList>
      {asking?.to === 'create' && (
        <FormDialog
          title={texts.signingKeys.createTitle}
          submitText={texts.common.create}
          onSubmit={async (fields) => {
            const body = { name: textOf(fields, 'name'), ...tenantIn(fields, tenantId) };
            setMade(await api.post<NewRoomSigningKey>('/v1/signing_keys', body));
            await list.reload();
          }}
          onClose={close}
        >
          <TextField label={texts.common.name} name="name" maxLength={100} isRequired hasFocus />
          <TenantField />
        </FormDialog>
      )}
      {asking?.to === 'revoke' && (
        <ConfirmDialog
          title={texts.keys.revokeTitle(asking.key.name)}
          explanation={texts.signingKeys.revokeExplanation}
          action={texts.keys.revoke}
          onConfirm={async () => {
            await api.delete(`/v1/signing_keys/${asking.key.id}`);
            await list.reload();
          }}
          onClose={close}
        />
      )}
      {made !== undefined && (
        <Dialog title={texts.playbackKeys.oneTitle(made.name)} onClose={() => setMade(undefined)}>
          <div class="dialog-body">
            <CopyField label={texts.playbackKeys.kid} value={made.id} hint={texts.playbackKeys.kidHint} />
            <CopyField label={texts.signingKeys.secret} value={made.key} hint={texts.signingKeys.secretHint} />
          </div>
          <div class="dialog-foot">
            <Button kind="primary" onClick={() => setMade(undefined)}>
              {texts.common.done}
            </Button>
          </div>
        </Dialog>
      )}
    </Section>
  );
}
