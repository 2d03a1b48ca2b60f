import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { NewWebhookEndpoint, WebhookEndpoint } from '../api/resources.ts';
import { useList } from '../api/use-list.ts';
import { Link } from '../routing.tsx';
import { useSession } from '../session-context.tsx';
import { TenantField, tenantIn } from '../shell/tenant-field.tsx';
import { texts } from '../texts.ts';
import { Button } from '../ui/button.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { FormDialog } from '../ui/dialog.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Moment } from '../ui/moment.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { SecretDialog } from '../ui/secret-dialog.tsx';
import { ShownList } from '../ui/shown.tsx';
import { EndpointBadge } from './endpoint-badge.tsx';
import { EndpointFields, endpointIn } from './endpoint-fields.tsx';
import { describeFilters } from './event-filters.ts';

const POLL_MS = 5_000;

export function WebhooksPage(): JSX.Element {
  const { api, tenantId, may } = useSession();
  const list = useList<WebhookEndpoint>('/v1/webhook_endpoints', { tenant_id: tenantId }, POLL_MS);
  const [isCreating, setCreating] = useState(false);
  const [created, setCreated] = useState<NewWebhookEndpoint>();
  const create = async (fields: FormData): Promise<void> => {
    const body = { ...endpointIn(fields), ...tenantIn(fields, tenantId) };
    setCreated(await api.post<NewWebhookEndpoint>('/v1/webhook_endpoints', body));
    await list.reload();
  };
  const createButton = may('webhooks:write') && (
    <Button kind="primary" icon="plus" onClick={() => setCreating(true)}>
      {texts.webhooks.create}
    </Button>
  );
  return (
    <>
      <PageHead title={texts.webhooks.title} lead={texts.webhooks.lead}>
        {createButton}
      </PageHead>
      <ShownList
        list={list}
        empty={
          <EmptyState
            icon="webhooks"
            headline={texts.webhooks.empty}
            explanation={may('webhooks:write') ? texts.webhooks.emptyExplanation : texts.common.mayNotCreate}
          >
            {createButton}
          </EmptyState>
        }
      >
        {(endpoints) => (
          <DataTable
            label={texts.webhooks.title}
            rows={endpoints}
            keyOf={({ id }) => id}
            columns={[
              {
                title: texts.webhooks.url,
                cell: ({ id, url, description }) => (
                  <>
                    <Link to={`/webhooks/${id}`} class="strong wrap">
                      {url}
                    </Link>
                    {description !== '' && <div class="small muted">{description}</div>}
                  </>
                ),
              },
              { title: texts.common.state, cell: (endpoint) => <EndpointBadge endpoint={endpoint} /> },
              { title: texts.webhooks.events, cell: ({ events }) => describeFilters(events) },
              { title: texts.common.created, cell: ({ created_at: at }) => <Moment at={at} /> },
            ]}
          />
        )}
      </ShownList>
      {isCreating && (
        <FormDialog
          title={texts.webhooks.createTitle}
          submitText={texts.common.create}
          onSubmit={create}
          onClose={() => setCreating(false)}
        >
          <EndpointFields />
          <TenantField />
        </FormDialog>
      )}
      {created !== undefined && (
        <SecretDialog
          title={texts.webhooks.secretTitle}
          label={texts.webhooks.secret}
          secret={created.secret}
          hint={texts.webhooks.secretHint}
          onClose={() => setCreated(undefined)}
        />
      )}
    </>
  );
}
