import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { NewRestKey, RestKey } from '../api/resources.ts';
import { useList } from '../api/use-list.ts';
import { useSession } from '../session-context.tsx';
import { TenantField, tenantIn } from '../shell/tenant-field.tsx';
import { texts } from '../texts.ts';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { FormDialog, textOf } from '../ui/dialog.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { ChoiceField, TextField } from '../ui/field.tsx';
import { Moment } from '../ui/moment.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { SecretDialog } from '../ui/secret-dialog.tsx';
import { ShownList } from '../ui/shown.tsx';
import { timeIn } from '../ui/time-in.ts';
import { SigningKeysSection } from './signing-keys-section.tsx';

/** What a key needs to see everything and change nothing. */
const READ_SCOPES: readonly string[] = [
  'tenant:read',
  'api_keys:read',
  'live_streams:read',
  'stream_keys:read',
  'publish_authorizer:read',
  'rooms:read',
  'signing_keys:read',
  'events:read',
  'webhooks:read',
  'usage:read',
  'playback:read',
  'audit:read',
  'users:read',
];

type Asking = { readonly to: 'create' } | { readonly to: 'rotate' | 'delete'; readonly key: RestKey };

export function ApiKeysPage(): JSX.Element {
  const { api, tenantId, may } = useSession();
  const list = useList<RestKey>('/v1/api_keys', { tenant_id: tenantId });
  const [asking, setAsking] = useState<Asking>();
  const [made, setMade] = useState<NewRestKey>();
  const mayWrite = may('api_keys:write');
  const close = (): void => setAsking(undefined);

  const create = async (fields: FormData): Promise<void> => {
    setMade(
      await api.post<NewRestKey>('/v1/api_keys', {
        name: textOf(fields, 'name'),
        scopes: textOf(fields, 'access') === 'read' ? READ_SCOPES : ['*'],
        allowed_addresses: textOf(fields, 'allowed_addresses')
          .split(/[\s,]+/)
          .filter(Boolean),
        expires_at: timeIn(fields, 'expires_at'),
        ...tenantIn(fields, tenantId),
      }),
    );
    await list.reload();
  };
  const rotate = async (key: RestKey, fields: FormData): Promise<void> => {
    const graceSeconds = Number(textOf(fields, 'grace_seconds'));
    setMade(await api.post<NewRestKey>(`/v1/api_keys/${key.id}/rotate`, { grace_seconds: graceSeconds }));
    await list.reload();
  };
  const createButton = mayWrite && (
    <Button kind="primary" icon="plus" onClick={() => setAsking({ to: 'create' })}>
      {texts.apiKeys.create}
    </Button>
  );

  return (
    <>
      <PageHead title={texts.apiKeys.title} lead={texts.apiKeys.lead}>
        <a class="button plain" href="/docs">
          {texts.shell.apiDocs}
        </a>
        {createButton}
      </PageHead>
      <ShownList
        list={list}
        empty={
          <EmptyState
            icon="keys"
            headline={texts.apiKeys.empty}
            explanation={may('api_keys:write') ? texts.apiKeys.emptyExplanation : texts.common.mayNotCreate}
          >
            {createButton}
          </EmptyState>
        }
      >
        {(keys) => (
          <DataTable
            label={texts.apiKeys.title}
            rows={keys}
            keyOf={({ id }) => id}
            columns={[
              { title: texts.common.name, cell: ({ name }) => <strong>{name}</strong> },
              { title: texts.apiKeys.key, cell: ({ hint }) => <code>…{hint}</code> },
              { title: texts.apiKeys.access, cell: describeAccess },
              {
                title: texts.apiKeys.expires,
                cell: ({ expires_at: at }) => (at === null ? texts.common.never : <Moment at={at} />),
              },
              {
                title: texts.apiKeys.lastUsed,
                cell: ({ last_used_at: at, last_used_address: address }) =>
                  at === null ? (
                    texts.common.never
                  ) : (
                    <>
                      <Moment at={at} />
                      {address !== null && <div class="small muted">{address}</div>}
                    </>
                  ),
              },
              {
                isAtEnd: true,
                cell: (key) =>
                  mayWrite &&
                  key.tenant_id !== null && (
                    <div class="row-actions">
                      <Button onClick={() => setAsking({ to: 'rotate', key })}>{texts.apiKeys.rotate}</Button>
                      <Button onClick={() => setAsking({ to: 'delete', key })}>{texts.apiKeys.delete}</Button>
                    </div>
                  ),
              },
            ]}
          />
        )}
      </ShownList>
      {may('signing_keys:read') && <SigningKeysSection />}
      {asking?.to === 'create' && (
        <FormDialog
          title={texts.apiKeys.createTitle}
          submitText={texts.common.create}
          onSubmit={create}
          onClose={close}
        >
          <TextField label={texts.common.name} name="name" maxLength={100} isRequired hasFocus />
          <TenantField />
          <ChoiceField label={texts.apiKeys.access} name="access" options={texts.apiKeys.accessOptions} />
          <TextField label={texts.apiKeys.addresses} name="allowed_addresses" hint={texts.apiKeys.addressesHint} />
          <TextField
            label={texts.apiKeys.expires}
            name="expires_at"
            type="datetime-local"
            hint={texts.apiKeys.expiresHint}
          />
        </FormDialog>
      )}
      {asking?.to === 'rotate' && (
        <FormDialog
          title={texts.apiKeys.rotateTitle(asking.key.name)}
          submitText={texts.apiKeys.rotate}
          onSubmit={(fields) => rotate(asking.key, fields)}
          onClose={close}
        >
          <p>{texts.apiKeys.rotateExplanation}</p>
          <ChoiceField label={texts.keys.grace} name="grace_seconds" value="86400" options={texts.common.graces} />
        </FormDialog>
      )}
      {asking?.to === 'delete' && (
        <ConfirmDialog
          title={texts.apiKeys.deleteTitle(asking.key.name)}
          explanation={texts.apiKeys.deleteExplanation}
          action={texts.apiKeys.delete}
          onConfirm={async () => {
            await api.delete(`/v1/api_keys/${asking.key.id}`);
            await list.reload();
          }}
          onClose={close}
        />
      )}
      {made !== undefined && (
        <SecretDialog
          title={texts.apiKeys.newTitle(made.name)}
          label={texts.apiKeys.secret}
          secret={made.key}
          hint={texts.apiKeys.secretHint}
          onClose={() => setMade(undefined)}
        />
      )}
    </>
  );
}

function describeAccess({ tenant_id: tenantId, scopes }: RestKey): string {
  if (tenantId === null) return texts.apiKeys.operatorKey;
  if (scopes.includes('*')) return texts.apiKeys.everything;
  if (scopes.every((scope) => scope.endsWith(':read'))) return texts.apiKeys.readOnly;
  return scopes.join(', ');
}
