import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ShownTarget, TenantStream } from '../api/resources.ts';
import { useList } from '../api/use-list.ts';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { ActionButton } from '../ui/action-button.tsx';
import { Badge } from '../ui/badge.tsx';
import type { BadgeTone } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { FormDialog, passwordOf, textOf } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { formatBytes } from '../ui/format.ts';
import { Moment } from '../ui/moment.tsx';
import { Section } from '../ui/section.tsx';
import { ShownList } from '../ui/shown.tsx';

const POLL_MS = 3_000;

const TONES: Readonly<Record<ShownTarget['state'], BadgeTone>> = {
  disabled: 'neutral',
  idle: 'neutral',
  connecting: 'warning',
  connected: 'live',
  waiting: 'warning',
  error: 'danger',
};

type Asking = { readonly to: 'create' } | { readonly to: 'delete'; readonly target: ShownTarget };

/** Other servers that the stream is also sent to, and how that goes. */
export function TargetsSection({ stream }: { readonly stream: TenantStream }): JSX.Element {
  const { api, may } = useSession();
  const path = `/v1/live_streams/${stream.id}/simulcast_targets`;
  const list = useList<ShownTarget>(path, {}, POLL_MS);
  const [asking, setAsking] = useState<Asking>();
  const mayWrite = may('simulcast_targets:write');
  const close = (): void => setAsking(undefined);

  const create = async (fields: FormData): Promise<void> => {
    const streamKey = passwordOf(fields, 'stream_key');
    const body = { name: textOf(fields, 'name'), url: textOf(fields, 'url') };
    await api.post(path, { ...body, ...(streamKey !== '' && { stream_key: streamKey }) });
    await list.reload();
  };
  const change = async ({ id, enabled }: ShownTarget): Promise<void> => {
    await api.patch(`${path}/${id}`, { enabled: !enabled });
    await list.reload();
  };
  const remove = async ({ id }: ShownTarget): Promise<void> => {
    await api.delete(`${path}/${id}`);
    await list.reload();
  };

  return (
    <Section
      title={texts.targets.title}
      lead={texts.targets.lead}
      actions={
        mayWrite && (
          <Button icon="plus" onClick={() => setAsking({ to: 'create' })}>
            {texts.targets.create}
          </Button>
        )
      }
    >
      <ShownList list={list} empty={<p class="panel muted">{texts.targets.empty}</p>}>
        {(targets) => (
          <DataTable
            label={texts.targets.title}
            rows={targets}
            keyOf={({ id }) => id}
            columns={[
              {
                title: texts.common.name,
                cell: ({ name, url }) => (
                  <>
                    <strong>{name}</strong>
                    <div class="small muted wrap">{url}</div>
                  </>
                ),
              },
              { title: texts.common.state, cell: (target) => <TargetState target={target} /> },
              { title: texts.targets.sent, cell: ({ bytes_sent: bytes }) => formatBytes(bytes) },
              {
                isAtEnd: true,
                cell: (target) =>
                  mayWrite && (
                    <div class="row-actions">
                      <ActionButton action={() => change(target)}>
                        {target.enabled ? texts.targets.disable : texts.targets.enable}
                      </ActionButton>
                      <Button onClick={() => setAsking({ to: 'delete', target })}>{texts.targets.delete}</Button>
                    </div>
                  ),
              },
            ]}
          />
        )}
      </ShownList>
      {asking?.to === 'create' && (
        <FormDialog
          title={texts.targets.createTitle}
          submitText={texts.common.create}
          onSubmit={create}
          onClose={close}
        >
          <TextField
            label={texts.common.name}
            name="name"
            placeholder={texts.targets.namePlaceholder}
            maxLength={100}
            isRequired
            hasFocus
          />
          <TextField
            label={texts.targets.url}
            name="url"
            hint={texts.targets.urlHint}
            placeholder="rtmp://a.rtmp.youtube.com/live2"
            maxLength={1_000}
            isRequired
          />
          <TextField
            label={texts.targets.streamKey}
            name="stream_key"
            type="password"
            hint={texts.targets.streamKeyHint}
          />
        </FormDialog>
      )}
      {asking?.to === 'delete' && (
        <ConfirmDialog
          title={texts.targets.deleteTitle(asking.target.name)}
          explanation={texts.targets.deleteExplanation}
          action={texts.targets.delete}
          onConfirm={() => remove(asking.target)}
          onClose={close}
        />
      )}
    </Section>
  );
}

/** The last error stays while it may still say something. */
function TargetState({ target }: { readonly target: ShownTarget }): JSX.Element {
  const { state, connected_at: connectedAt, last_error: error } = target;
  return (
    <>
      <Badge tone={TONES[state]}>{texts.targets.states[state]}</Badge>
      {connectedAt !== null && (
        <div class="small muted">
          {texts.targets.connectedSince} <Moment at={connectedAt} />
        </div>
      )}
      {error !== null && (
        <div class="small muted wrap">
          {texts.targets.lastError} (<Moment at={error.at} />
          ): {error.message}
        </div>
      )}
    </>
  );
}
