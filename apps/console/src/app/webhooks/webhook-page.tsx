import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { NewWebhookEndpoint, WebhookEndpoint } from '../api/resources.ts';
import { useResource } from '../api/use-resource.ts';
import type { PageProps } from '../pages.tsx';
import { navigate } from '../routing.tsx';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { ActionButton } from '../ui/action-button.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { FormDialog, textOf } from '../ui/dialog.tsx';
import { EditDialog } from '../ui/edit-dialog.tsx';
import { ChoiceField } from '../ui/field.tsx';
import { Moment } from '../ui/moment.tsx';
import { Notice } from '../ui/notice.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { SecretDialog } from '../ui/secret-dialog.tsx';
import { Shown } from '../ui/shown.tsx';
import { DeliveriesSection } from './deliveries-section.tsx';
import { EndpointBadge } from './endpoint-badge.tsx';
import { EndpointFields, endpointIn } from './endpoint-fields.tsx';

const POLL_MS = 3_000;

type Asking = 'edit' | 'rotate' | 'delete';

export function WebhookPage({ values: { id = '' } }: PageProps): JSX.Element {
  const { api, may } = useSession();
  const path = `/v1/webhook_endpoints/${id}`;
  const endpoint = useResource(path, () => api.get<WebhookEndpoint>(path), POLL_MS);
  const [asking, setAsking] = useState<Asking>();
  const [secret, setSecret] = useState<string>();
  const [isTested, setTested] = useState(false);
  const close = (): void => setAsking(undefined);
  const setEnabled = async (enabled: boolean): Promise<void> => {
    await api.patch(path, { enabled });
    await endpoint.reload();
  };

  return (
    <Shown loaded={endpoint}>
      {(data) => (
        <>
          <PageHead
            title={new URL(data.url).host}
            parent={{ to: '/webhooks', title: texts.webhooks.title }}
            state={<EndpointBadge endpoint={data} />}
            lead={data.description === '' ? data.url : `${data.description} · ${data.url}`}
          >
            {may('webhooks:write') && (
              <>
                <Button kind="quiet" icon="trash" label={texts.webhooks.delete} onClick={() => setAsking('delete')} />
                <Button onClick={() => setAsking('edit')}>{texts.common.edit}</Button>
                <Button onClick={() => setAsking('rotate')}>{texts.webhooks.rotate}</Button>
                <ActionButton kind={data.enabled ? 'plain' : 'primary'} action={() => setEnabled(!data.enabled)}>
                  {data.enabled ? texts.webhooks.disable : texts.webhooks.enable}
                </ActionButton>
                {data.enabled && (
                  <ActionButton
                    kind="primary"
                    action={async () => {
                      await api.post(`${path}/test`);
                      setTested(true);
                    }}
                  >
                    {texts.webhooks.test}
                  </ActionButton>
                )}
              </>
            )}
          </PageHead>
          {data.disabled_reason !== null && (
            <Notice kind={data.disabled_reason === 'request' ? 'info' : 'danger'} headline={texts.webhooks.disabled}>
              <p>{texts.webhooks.reasons[data.disabled_reason]}</p>
            </Notice>
          )}
          {data.enabled && data.failing_since !== null && (
            <Notice kind="danger" headline={texts.webhooks.failing}>
              <p>
                {texts.webhooks.failingSince} <Moment at={data.failing_since} />. {texts.webhooks.failingAdvice}
              </p>
            </Notice>
          )}
          {isTested && <Notice kind="good" headline={texts.webhooks.testSent} />}
          <DeliveriesSection endpointId={data.id} />
          {asking === 'edit' && (
            <EditDialog<WebhookEndpoint>
              title={texts.webhooks.editTitle}
              path={path}
              changesIn={endpointIn}
              onSaved={endpoint.reload}
              onClose={close}
            >
              {(current) => <EndpointFields endpoint={current} />}
            </EditDialog>
          )}
          {asking === 'rotate' && (
            <FormDialog
              title={texts.webhooks.rotateTitle}
              submitText={texts.webhooks.rotate}
              onSubmit={async (fields) => {
                const graceSeconds = Number(textOf(fields, 'grace_seconds'));
                const rotated = await api.post<NewWebhookEndpoint>(`${path}/rotate_secret`, {
                  grace_seconds: graceSeconds,
                });
                setSecret(rotated.secret);
              }}
              onClose={close}
            >
              <p>{texts.webhooks.rotateExplanation}</p>
              <ChoiceField
                label={texts.webhooks.grace}
                name="grace_seconds"
                value="86400"
                options={texts.common.graces}
              />
            </FormDialog>
          )}
          {asking === 'delete' && (
            <ConfirmDialog
              title={texts.webhooks.deleteTitle}
              explanation={texts.webhooks.deleteExplanation}
              action={texts.webhooks.delete}
              onConfirm={async () => {
                await api.delete(path);
                navigate('/webhooks');
              }}
              onClose={close}
            />
          )}
          {secret !== undefined && (
            <SecretDialog
              title={texts.webhooks.secretTitle}
              label={texts.webhooks.secret}
              secret={secret}
              hint={texts.webhooks.secretHint}
              onClose={() => setSecret(undefined)}
            />
          )}
        </>
      )}
    </Shown>
  );
}
