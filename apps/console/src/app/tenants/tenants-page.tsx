import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Tenant } from '../api/resources.ts';
import { useList } from '../api/use-list.ts';
import { navigate } from '../routing.tsx';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { ActionButton } from '../ui/action-button.tsx';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { DataTable, nameColumn } from '../ui/data-table.tsx';
import { FormDialog, textOf } from '../ui/dialog.tsx';
import { EditDialog } from '../ui/edit-dialog.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { TextField } from '../ui/field.tsx';
import { formatCount } from '../ui/format.ts';
import { Moment } from '../ui/moment.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { ShownList } from '../ui/shown.tsx';
import { DeleteTenantDialog } from './delete-tenant-dialog.tsx';

type Asking = { readonly to: 'create' } | { readonly to: 'edit' | 'suspend' | 'delete'; readonly tenant: Tenant };

export function TenantsPage(): JSX.Element {
  const { api, tenantId, chooseTenant } = useSession();
  const [status, setStatus] = useState('');
  const list = useList<Tenant>('/v1/tenants', { status });
  const [asking, setAsking] = useState<Asking>();
  const close = (): void => setAsking(undefined);
  const view = (tenant: Tenant): void => {
    chooseTenant(tenant.id);
    navigate('/streams');
  };
  const createButton = (
    <Button kind="primary" icon="plus" onClick={() => setAsking({ to: 'create' })}>
      {texts.tenants.create}
    </Button>
  );
  return (
    <>
      <PageHead title={texts.tenants.title} lead={texts.tenants.lead}>
        {createButton}
      </PageHead>
      <div class="filters">
        <select
          aria-label={texts.common.state}
          value={status}
          onChange={({ currentTarget }) => setStatus(currentTarget.value)}
        >
          {texts.tenants.filters.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </div>
      <ShownList
        list={list}
        empty={
          status !== '' ? (
            <EmptyState
              icon="tenants"
              headline={texts.tenants.noMatch}
              explanation={texts.tenants.noMatchExplanation}
            />
          ) : (
            <EmptyState icon="tenants" headline={texts.tenants.empty} explanation={texts.tenants.emptyExplanation}>
              {createButton}
            </EmptyState>
          )
        }
      >
        {(tenants) => (
          <DataTable
            label={texts.tenants.title}
            rows={tenants}
            keyOf={({ id }) => id}
            columns={[
              nameColumn,
              {
                title: texts.common.state,
                cell: ({ status: state, purge_at: purgeAt }) => (
                  <>
                    <Badge tone={state === 'active' ? 'good' : 'danger'}>{texts.tenants.states[state]}</Badge>
                    {purgeAt !== null && (
                      <div class="small muted">
                        {texts.tenants.purged} <Moment at={purgeAt} />
                      </div>
                    )}
                  </>
                ),
              },
              { title: texts.tenants.streams, cell: ({ max_live_streams: max }) => formatCount(max) },
              { title: texts.tenants.rooms, cell: ({ max_rooms: max }) => formatCount(max) },
              { title: texts.common.created, cell: ({ created_at: at }) => <Moment at={at} /> },
              {
                isAtEnd: true,
                cell: (tenant) => (
                  <div class="row-actions">
                    {tenant.status !== 'deleted' && (
                      <>
                        <Button onClick={() => view(tenant)}>{texts.tenants.view}</Button>
                        <Button onClick={() => setAsking({ to: 'edit', tenant })}>{texts.common.edit}</Button>
                      </>
                    )}
                    {tenant.status === 'active' ? (
                      <Button onClick={() => setAsking({ to: 'suspend', tenant })}>{texts.tenants.suspend}</Button>
                    ) : (
                      <ActionButton
                        action={async () => {
                          await api.post(
                            `/v1/tenants/${tenant.id}/${tenant.status === 'deleted' ? 'restore' : 'resume'}`,
                          );
                          await list.reload();
                        }}
                      >
                        {tenant.status === 'deleted' ? texts.tenants.restore : texts.tenants.resume}
                      </ActionButton>
                    )}
                    <Button
                      kind="quiet"
                      icon="trash"
                      label={texts.tenants.deleteLabel(tenant.name)}
                      onClick={() => setAsking({ to: 'delete', tenant })}
                    />
                  </div>
                ),
              },
            ]}
          />
        )}
      </ShownList>
      {asking?.to === 'create' && (
        <FormDialog
          title={texts.tenants.createTitle}
          submitText={texts.common.create}
          onSubmit={async (fields) => {
            await api.post('/v1/tenants', { name: textOf(fields, 'name') });
            await list.reload();
          }}
          onClose={close}
        >
          <TextField label={texts.common.name} name="name" maxLength={100} isRequired hasFocus />
        </FormDialog>
      )}
      {asking?.to === 'edit' && (
        <EditDialog<Tenant>
          title={texts.tenants.editTitle}
          path={`/v1/tenants/${asking.tenant.id}`}
          changesIn={(fields) => ({
            name: textOf(fields, 'name'),
            ...Object.fromEntries(LIMITS.map(([name]) => [name, Number(textOf(fields, name))])),
          })}
          onSaved={list.reload}
          onClose={close}
        >
          {(tenant) => (
            <>
              <TextField
                label={texts.common.name}
                name="name"
                value={tenant.name}
                maxLength={100}
                isRequired
                hasFocus
              />
              {LIMITS.map(([name, label]) => (
                <TextField
                  key={name}
                  label={label}
                  name={name}
                  type="number"
                  min={0}
                  value={String(tenant[name])}
                  isRequired
                />
              ))}
            </>
          )}
        </EditDialog>
      )}
      {asking?.to === 'suspend' && (
        <ConfirmDialog
          title={texts.tenants.suspendTitle(asking.tenant.name)}
          explanation={texts.tenants.suspendExplanation}
          action={texts.tenants.suspend}
          onConfirm={async () => {
            await api.post(`/v1/tenants/${asking.tenant.id}/suspend`);
            await list.reload();
          }}
          onClose={close}
        />
      )}
      {asking?.to === 'delete' && (
        <DeleteTenantDialog
          tenant={asking.tenant}
          onDeleted={async () => {
            if (tenantId === asking.tenant.id) chooseTenant(undefined);
            await list.reload();
          }}
          onClose={close}
        />
      )}
    </>
  );
}

/** What an operator can limit, as the API names it. */
const LIMITS = [
  ['max_live_streams', texts.tenants.streams],
  ['max_rooms', texts.tenants.rooms],
  ['max_participants', texts.tenants.participants],
  ['max_relay_allocations', texts.tenants.relays],
  ['max_relay_bits_per_second', texts.tenants.relayBitrate],
] as const;
