import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { withQuery } from '../api/console-api.ts';
import type { TenantStream, UsageRow } from '../api/resources.ts';
import { useList } from '../api/use-list.ts';
import { useSession } from '../session-context.tsx';
import { useTenants } from '../shell/use-tenants.ts';
import { texts } from '../texts.ts';
import { DataTable } from '../ui/data-table.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { formatBytes } from '../ui/format.ts';
import { PageHead } from '../ui/page-head.tsx';
import { ShownList } from '../ui/shown.tsx';
import { QuotasSection } from './quotas-section.tsx';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const SECONDS_PER_MINUTE = 60;

type Grouping = 'live_stream' | 'day' | 'protocol' | 'tenant';

export function UsagePage(): JSX.Element {
  const { tenantId, isOperator } = useSession();
  const [days, setDays] = useState('1');
  const [grouping, setGrouping] = useState<Grouping>('live_stream');
  const query = { tenant_id: isOperator ? tenantId : undefined, group_by: grouping, from: startOf(Number(days)) };
  const list = useList<UsageRow>('/v1/usage', query);
  const nameOf = useRowNames(grouping);
  const groupings = isOperator ? [...texts.usage.groupings, texts.usage.tenantGrouping] : texts.usage.groupings;

  return (
    <>
      <PageHead title={texts.usage.title} lead={texts.usage.lead}>
        <a class="button plain" href={withQuery('/v1/usage/export', query)} download>
          {texts.usage.export}
        </a>
      </PageHead>
      <div class="filters">
        <select
          aria-label={texts.usage.range}
          value={days}
          onChange={({ currentTarget }) => setDays(currentTarget.value)}
        >
          {texts.usage.ranges.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
        <select
          aria-label={texts.usage.by}
          value={grouping}
          onChange={({ currentTarget }) => setGrouping(currentTarget.value as Grouping)}
        >
          {groupings.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </div>
      <ShownList
        list={list}
        empty={<EmptyState icon="usage" headline={texts.usage.empty} explanation={texts.usage.emptyExplanation} />}
      >
        {(rows) => (
          <DataTable
            label={texts.usage.title}
            rows={rows}
            keyOf={(row) => `${row.from} ${row.tenant_id} ${row.live_stream_id} ${row.protocol}`}
            columns={[
              { title: texts.common.name, cell: (row) => <strong>{nameOf(row)}</strong> },
              { title: texts.usage.ingest, cell: (row) => texts.usage.hours(row.ingest_seconds) },
              { title: texts.usage.received, cell: (row) => formatBytes(row.ingest_bytes) },
              { title: texts.usage.sent, cell: (row) => formatBytes(row.egress_bytes) },
              { title: texts.usage.watched, cell: (row) => texts.usage.hours(row.viewer_seconds) },
              { title: texts.usage.relayed, cell: (row) => formatBytes(row.relay_bytes) },
              {
                title: texts.usage.participantTime,
                cell: (row) => texts.usage.hours(row.participant_minutes * SECONDS_PER_MINUTE),
              },
            ]}
          />
        )}
      </ShownList>
      <QuotasSection />
    </>
  );
}

/** A whole hour: the same address until the next one. */
const startOf = (days: number): string =>
  new Date(Math.floor((Date.now() - days * DAY_MS) / HOUR_MS) * HOUR_MS).toISOString();

/** What a row is about. */
function useRowNames(grouping: Grouping): (row: UsageRow) => string {
  const { tenantId, isOperator } = useSession();
  const streams = useList<TenantStream>(grouping === 'live_stream' ? '/v1/live_streams' : undefined, {
    tenant_id: tenantId,
  });
  const tenants = useTenants(isOperator && grouping === 'tenant');
  return (row) => {
    switch (grouping) {
      case 'live_stream':
        if (row.live_stream_id === null) return texts.usage.noStream;
        return streams.data?.find(({ id }) => id === row.live_stream_id)?.name ?? row.live_stream_id;
      case 'day':
        return new Date(row.from).toLocaleDateString('en', { dateStyle: 'medium', timeZone: 'UTC' });
      case 'protocol':
        return row.protocol?.replace('_', '-').toUpperCase() ?? texts.usage.noProtocol;
      case 'tenant':
        return tenants.find(({ id }) => id === row.tenant_id)?.name ?? row.tenant_id ?? texts.usage.total;
    }
  };
}
