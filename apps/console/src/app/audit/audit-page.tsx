import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { withQuery } from '../api/console-api.ts';
import type { AuditEvent } from '../api/resources.ts';
import { useList } from '../api/use-list.ts';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { Button } from '../ui/button.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Facts } from '../ui/facts.tsx';
import { formatTime } from '../ui/format.ts';
import { Moment } from '../ui/moment.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { ShownList } from '../ui/shown.tsx';

const POLL_MS = 5_000;

export function AuditPage(): JSX.Element {
  const { tenantId } = useSession();
  const query = { tenant_id: tenantId };
  const list = useList<AuditEvent>('/v1/audit_events', query, POLL_MS);
  const [shown, setShown] = useState<AuditEvent>();
  return (
    <>
      <PageHead title={texts.audit.title} lead={texts.audit.lead}>
        <a class="button plain" href={withQuery('/v1/audit_events/export', { ...query, format: 'csv' })} download>
          {texts.audit.export}
        </a>
      </PageHead>
      <ShownList
        list={list}
        empty={<EmptyState icon="audit" headline={texts.audit.empty} explanation={texts.audit.emptyExplanation} />}
      >
        {(events) => (
          <DataTable
            label={texts.audit.title}
            rows={events}
            keyOf={({ id }) => id}
            columns={[
              { title: texts.audit.when, cell: ({ created_at: at }) => <Moment at={at} /> },
              { title: texts.audit.who, cell: describeActor },
              { title: texts.audit.action, cell: ({ action }) => <strong>{describeAction(action)}</strong> },
              { title: texts.audit.object, cell: describeObject },
              { title: texts.audit.from, cell: ({ address }) => address },
              {
                isAtEnd: true,
                cell: (event) => (
                  <Button kind="quiet" onClick={() => setShown(event)}>
                    {texts.audit.details}
                  </Button>
                ),
              },
            ]}
          />
        )}
      </ShownList>
      {shown !== undefined && (
        <Dialog title={describeAction(shown.action)} onClose={() => setShown(undefined)}>
          <div class="dialog-body">
            <Facts
              rows={[
                [texts.audit.when, formatTime(shown.created_at)],
                [texts.audit.who, describeActor(shown)],
                [texts.audit.object, shown.object_id ?? texts.common.none],
                [texts.audit.request, <code key="request">{shown.request_id}</code>],
              ]}
            />
            {shown.before !== null && <Stored title={texts.audit.before} value={shown.before} />}
            {shown.after !== null && <Stored title={texts.audit.after} value={shown.after} />}
          </div>
        </Dialog>
      )}
    </>
  );
}

const Stored = ({ title, value }: { readonly title: string; readonly value: unknown }): JSX.Element => (
  <div>
    <h3>{title}</h3>
    <pre tabIndex={0}>{JSON.stringify(value, undefined, 2)}</pre>
  </div>
);

/** “Stream key: revoke”, from `stream_key.revoke`. */
function describeAction(action: string): string {
  const [resource = '', what = ''] = action.replaceAll('_', ' ').split('.');
  return `${resource.charAt(0).toUpperCase()}${resource.slice(1)}: ${what}`;
}

const describeActor = ({ actor }: AuditEvent): string => {
  const kind = texts.audit.actors[actor.type];
  return actor.name === null ? kind : `${actor.name} (${kind})`;
};

/** Its name, where what was stored has one. */
function describeObject({ object_id: id, after, before }: AuditEvent): string {
  const name = (after ?? before)?.['name'];
  return typeof name === 'string' && name !== '' ? name : (id ?? texts.common.none);
}
