import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { WebhookDelivery } from '../api/resources.ts';
import { useList } from '../api/use-list.ts';
import { describeEventType } from '../events/describe-event.ts';
import { texts } from '../texts.ts';
import { Badge } from '../ui/badge.tsx';
import type { BadgeTone } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { Moment } from '../ui/moment.tsx';
import { Section } from '../ui/section.tsx';
import { ShownList } from '../ui/shown.tsx';
import { DeliveryDialog } from './delivery-dialog.tsx';

const POLL_MS = 2_000;
const TONES: Readonly<Record<WebhookDelivery['status'], BadgeTone>> = {
  pending: 'warning',
  succeeded: 'good',
  failed: 'danger',
};
const STATES = Object.entries(texts.webhooks.states);

/** What was posted to an endpoint, and how that went. */
export function DeliveriesSection({ endpointId }: { readonly endpointId: string }): JSX.Element {
  const [state, setState] = useState('');
  const list = useList<WebhookDelivery>(
    '/v1/webhook_deliveries',
    { webhook_endpoint_id: endpointId, status: state },
    POLL_MS,
  );
  const [shownId, setShownId] = useState<string>();
  return (
    <Section
      title={texts.webhooks.deliveries}
      lead={texts.webhooks.deliveriesLead}
      actions={
        <select
          aria-label={texts.webhooks.filterState}
          value={state}
          onChange={({ currentTarget }) => setState(currentTarget.value)}
        >
          <option value="">{texts.webhooks.allStates}</option>
          {STATES.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      }
    >
      <ShownList list={list} empty={<p class="panel muted">{texts.webhooks.noDeliveries}</p>}>
        {(deliveries) => (
          <DataTable
            label={texts.webhooks.deliveries}
            rows={deliveries}
            keyOf={({ id }) => id}
            columns={[
              { title: texts.events.when, cell: ({ created_at: at }) => <Moment at={at} /> },
              {
                title: texts.webhooks.event,
                cell: ({ event_type: type }) => <strong>{describeEventType(type)}</strong>,
              },
              {
                title: texts.common.state,
                cell: ({ status }) => <Badge tone={TONES[status]}>{texts.webhooks.states[status]}</Badge>,
              },
              { title: texts.webhooks.attempts, cell: ({ attempt_count: count }) => count },
              { title: texts.webhooks.answer, cell: describeAnswer },
              {
                title: texts.webhooks.nextAttempt,
                cell: describeNext,
              },
              {
                isAtEnd: true,
                cell: ({ id }) => (
                  <Button kind="quiet" onClick={() => setShownId(id)}>
                    {texts.webhooks.details}
                  </Button>
                ),
              },
            ]}
          />
        )}
      </ShownList>
      {shownId !== undefined && (
        <DeliveryDialog deliveryId={shownId} onRedelivered={list.reload} onClose={() => setShownId(undefined)} />
      )}
    </Section>
  );
}

const describeAnswer = ({ last_status_code: code, last_error: error }: WebhookDelivery): string =>
  error ?? (code === null ? texts.common.none : String(code));

/** Deliveries of one object keep their order: one that is due may wait for those before it. */
function describeNext({ next_attempt_at: at }: WebhookDelivery): ComponentChildren {
  if (at === null) return texts.common.none;
  return Date.parse(at) < Date.now() ? texts.webhooks.afterOthers : <Moment at={at} />;
}
