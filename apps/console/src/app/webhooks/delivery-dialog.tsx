import type { JSX } from 'preact';
import type { DeliveryAttempt, WebhookDeliveryLog } from '../api/resources.ts';
import { useResource } from '../api/use-resource.ts';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { ActionButton } from '../ui/action-button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Moment } from '../ui/moment.tsx';
import { Shown } from '../ui/shown.tsx';

const POLL_MS = 2_000;

interface DeliveryDialogProps {
  readonly deliveryId: string;
  readonly onRedelivered: () => Promise<void>;
  readonly onClose: () => void;
}

/** A delivery with every attempt: what was sent, and what came back. */
export function DeliveryDialog({ deliveryId, onRedelivered, onClose }: DeliveryDialogProps): JSX.Element {
  const { api, may } = useSession();
  const path = `/v1/webhook_deliveries/${deliveryId}`;
  const delivery = useResource(path, () => api.get<WebhookDeliveryLog>(path), POLL_MS);
  const redeliver = async (): Promise<void> => {
    await api.post(`${path}/redeliver`);
    await onRedelivered();
    onClose();
  };
  return (
    <Dialog title={texts.webhooks.deliveryTitle} onClose={onClose}>
      <div class="dialog-body">
        <Shown loaded={delivery}>
          {({ attempts, event }) => (
            <>
              <ol class="lines">
                {attempts.map((attempt) => (
                  <Attempt key={attempt.attempt} attempt={attempt} />
                ))}
              </ol>
              <h3>{texts.webhooks.request}</h3>
              <pre tabIndex={0}>{JSON.stringify(event, undefined, 2)}</pre>
            </>
          )}
        </Shown>
      </div>
      {may('webhooks:write') && (
        <div class="dialog-foot">
          <ActionButton kind="primary" action={redeliver}>
            {texts.webhooks.redeliver}
          </ActionButton>
        </div>
      )}
    </Dialog>
  );
}

const Attempt = ({ attempt }: { readonly attempt: DeliveryAttempt }): JSX.Element => (
  <li>
    <strong>
      {texts.webhooks.attempt(attempt.attempt)}: {attempt.status_code ?? texts.webhooks.noResponse}
    </strong>
    {attempt.error !== null && <span>{attempt.error}</span>}
    <span class="small muted">
      <Moment at={attempt.started_at} /> · {texts.webhooks.took(attempt.duration_ms)}
      {attempt.address !== null && ` · ${attempt.address}`}
    </span>
    {attempt.response_body !== '' && (
      <pre aria-label={texts.webhooks.response} tabIndex={0}>
        {attempt.response_body}
      </pre>
    )}
  </li>
);
