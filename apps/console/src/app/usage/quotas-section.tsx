import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { TenantQuota, TenantQuotaList } from '../api/resources.ts';
import { useResource } from '../api/use-resource.ts';
import { withQuery } from '../api/console-api.ts';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { Badge } from '../ui/badge.tsx';
import type { BadgeTone } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { FormDialog, numberOf } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { formatBitrate, formatBytes, formatCount } from '../ui/format.ts';
import { Section } from '../ui/section.tsx';
import { Shown } from '../ui/shown.tsx';

const POLL_MS = 10_000;
const TONES: Readonly<Record<TenantQuota['state'], BadgeTone>> = {
  ok: 'good',
  warning: 'warning',
  exceeded: 'danger',
};

/** What a tenant may use, and how much of it is used now. */
export function QuotasSection(): JSX.Element {
  const { api, tenantId, isOperator } = useSession();
  const quotas = useResource(
    tenantId === undefined ? undefined : withQuery('/v1/quotas', { tenant_id: isOperator ? tenantId : undefined }),
    (path) => api.get<TenantQuotaList>(path),
    POLL_MS,
  );
  const [isChanging, setChanging] = useState(false);
  if (tenantId === undefined)
    return (
      <Section title={texts.usage.quotas}>
        <p class="panel muted">{texts.usage.chooseTenant}</p>
      </Section>
    );
  return (
    <Section
      title={texts.usage.quotas}
      lead={texts.usage.quotasLead}
      actions={isOperator && <Button onClick={() => setChanging(true)}>{texts.usage.change}</Button>}
    >
      <Shown loaded={quotas}>
        {({ quotas: rows }) => (
          <>
            <DataTable
              label={texts.usage.quotas}
              rows={rows}
              keyOf={({ name }) => name}
              columns={[
                {
                  title: texts.usage.quota,
                  cell: ({ name }) => <strong>{texts.usage.quotaNames[name] ?? name}</strong>,
                },
                {
                  title: texts.usage.used,
                  cell: ({ name, used }) => (used === null ? texts.usage.unknown : writeAmount(name, used)),
                },
                {
                  title: texts.usage.limit,
                  cell: ({ name, limit }) => (limit === null ? texts.usage.unlimited : writeAmount(name, limit)),
                },
                {
                  title: texts.common.state,
                  cell: ({ state }) => <Badge tone={TONES[state]}>{texts.usage.quotaStates[state]}</Badge>,
                },
              ]}
            />
            {isChanging && (
              <FormDialog
                title={texts.usage.changeTitle}
                submitText={texts.common.save}
                onSubmit={async (fields) => {
                  const changes = changesIn(fields, rows);
                  if (Object.keys(changes).length === 0) return;
                  await api.put(`/v1/tenants/${tenantId}/quotas`, changes);
                  await quotas.reload();
                }}
                onClose={() => setChanging(false)}
              >
                {rows.map(({ name, limit }) => (
                  <TextField
                    key={name}
                    label={`${texts.usage.quotaNames[name] ?? name}${unitOf(name)}`}
                    name={name}
                    type="number"
                    min={0}
                    value={limit === null ? '' : String(limit)}
                    {...(EMPTY_MEANS[name] !== undefined && { hint: EMPTY_MEANS[name] })}
                    isRequired={EMPTY_MEANS[name] === undefined}
                  />
                ))}
              </FormDialog>
            )}
          </>
        )}
      </Shown>
    </Section>
  );
}

/** What an empty field means, for the limits that a tenant need not have. */
const EMPTY_MEANS: Readonly<Record<string, string>> = {
  ingest_bits_per_second: texts.usage.emptyUnlimited,
  viewers: texts.usage.emptyUnlimited,
  viewers_per_stream: texts.usage.emptyUnlimited,
  egress_bytes_per_month: texts.usage.emptyUnlimited,
  api_reads_per_second: texts.usage.emptyDefault,
  api_writes_per_second: texts.usage.emptyDefault,
};

/** Those that were changed: one that is the default of the server stays so. */
function changesIn(fields: FormData, rows: readonly TenantQuota[]): Record<string, number | null> {
  const given = rows.map(({ name, limit }) => ({ name, limit, wanted: numberOf(fields, name) }));
  return Object.fromEntries(
    given.filter(({ limit, wanted }) => limit !== wanted).map(({ name, wanted }) => [name, wanted]),
  );
}

function writeAmount(name: string, amount: number): string {
  if (name.endsWith('bits_per_second')) return formatBitrate(amount);
  if (name.includes('bytes')) return formatBytes(amount);
  return formatCount(amount);
}

function unitOf(name: string): string {
  if (name.endsWith('bits_per_second')) return ' (bit/s)';
  return name.includes('bytes') ? ' (bytes)' : '';
}
