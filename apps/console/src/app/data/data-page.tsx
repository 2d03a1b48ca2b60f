import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RetentionTimes, Tenant } from '../api/resources.ts';
import { useResource } from '../api/use-resource.ts';
import { navigate } from '../routing.tsx';
import { useSession } from '../session-context.tsx';
import { DeleteTenantDialog } from '../tenants/delete-tenant-dialog.tsx';
import { texts } from '../texts.ts';
import { Button } from '../ui/button.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { formatSpan } from '../ui/format.ts';
import { PageHead } from '../ui/page-head.tsx';
import { Section } from '../ui/section.tsx';
import { Shown } from '../ui/shown.tsx';

type Kept = keyof RetentionTimes;
const KEPT = Object.keys(texts.data.kept) as readonly Kept[];

/** What is kept of a tenant and for how long, to take along, and to delete. */
export function DataPage(): JSX.Element {
  const { api, isOperator } = useSession();
  const retention = useResource('/v1/retention', (path) => api.get<RetentionTimes>(path));
  return (
    <>
      <PageHead title={texts.data.title} lead={texts.data.lead} />
      <Section title={texts.data.retention} lead={texts.data.retentionLead}>
        <Shown loaded={retention}>
          {(times) => (
            <DataTable
              label={texts.data.retention}
              rows={KEPT}
              keyOf={(name) => name}
              columns={[
                {
                  title: texts.data.what,
                  cell: (name) => (
                    <>
                      <strong>{texts.data.kept[name].title}</strong>
                      {isOperator && <div class="small muted">{texts.data.kept[name].setting}</div>}
                    </>
                  ),
                },
                { title: texts.data.keptFor, cell: (name) => formatSpan(times[name]) },
              ]}
            />
          )}
        </Shown>
        <p class="small muted">{isOperator ? texts.data.operatorHint : texts.data.tenantHint}</p>
        <p class="small muted">{texts.data.viewers}</p>
      </Section>
      <TenantData />
    </>
  );
}

function TenantData(): JSX.Element {
  const { api, tenantId, isOperator, chooseTenant } = useSession();
  const path = tenantId === undefined ? undefined : `/v1/tenants/${tenantId}`;
  const tenant = useResource(path, (asked) => api.get<Tenant>(asked));
  const [isDeleting, setDeleting] = useState(false);
  if (tenantId === undefined)
    return (
      <Section title={texts.data.ofTenant}>
        <p class="panel muted">{texts.data.chooseTenant}</p>
      </Section>
    );
  return (
    <Shown loaded={tenant}>
      {(data) => (
        <>
          <Section title={texts.data.export} lead={texts.data.exportLead(data.name)}>
            <div class="panel stack">
              <p>{texts.data.exportExplanation}</p>
              <div class="actions">
                <a class="button plain" href={`/v1/tenants/${data.id}/export`} download>
                  {texts.data.exportAction}
                </a>
              </div>
            </div>
          </Section>
          <Section title={texts.data.deletion}>
            <div class="panel stack">
              <p>{isOperator ? texts.tenants.deleteExplanation : texts.data.askOperator}</p>
              {isOperator && (
                <div class="actions">
                  <Button kind="danger" onClick={() => setDeleting(true)}>
                    {texts.data.deleteAction}
                  </Button>
                </div>
              )}
            </div>
          </Section>
          {isDeleting && (
            <DeleteTenantDialog
              tenant={data}
              onDeleted={() => {
                chooseTenant(undefined);
                navigate('/tenants');
                return Promise.resolve();
              }}
              onClose={() => setDeleting(false)}
            />
          )}
        </>
      )}
    </Shown>
  );
}
