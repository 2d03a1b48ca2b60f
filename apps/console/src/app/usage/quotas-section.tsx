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
import { FormDialog, textOf } from '../ui/dialog.tsx';
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
                  await api.put(`/v1/tenants/${tenantId}/quotas`, limitsIn(fields, rows));
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
                    {...(UNLIMITABLE.has(name) && { hint: texts.usage.emptyUnlimited })}
                    isRequired={!UNLIMITABLE.has(name)}
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

/** What a tenant may have without a limit. */
const UNLIMITABLE = new Set(['ingest_bits_per_second', 'viewers', 'viewers_per_stream', 'egress_bytes_per_month']);

const limitsIn = (fields: FormData, rows: readonly TenantQuota[]): Record<string, number | null> =>
  Object.fromEntries(
    rows.map(({ name }) => {
      const text = textOf(fields, name);
      return [name, text === '' ? null : Number(text)];
    }),
  );

function writeAmount(name: string, amount: number): string {
  if (name.endsWith('bits_per_second')) return formatBitrate(amount);
  if (name.includes('bytes')) return formatBytes(amount);
  return formatCount(amount);
}

function unitOf(name: string): string {
  if (name.endsWith('bits_per_second')) return ' (bit/s)';
  return name.includes('bytes') ? ' (bytes)' : '';
}
