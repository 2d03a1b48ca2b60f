import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ShownSource, TenantStream } from '../api/resources.ts';
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
import { ChoiceField, TextField } from '../ui/field.tsx';
import { Moment } from '../ui/moment.tsx';
import { Section } from '../ui/section.tsx';
import { ShownList } from '../ui/shown.tsx';

const POLL_MS = 3_000;

const TONES: Readonly<Record<ShownSource['state'], BadgeTone>> = {
  disabled: 'neutral',
  idle: 'neutral',
  connecting: 'warning',
  live: 'live',
  waiting: 'danger',
  unknown: 'neutral',
};

type Asking = { readonly to: 'create' } | { readonly to: 'delete'; readonly source: ShownSource };

/** Cameras and other servers that the stream is pulled from, and how that goes. */
export function SourcesSection({ stream }: { readonly stream: TenantStream }): JSX.Element {
  const { api, may } = useSession();
  const path = `/v1/live_streams/${stream.id}/ingest_sources`;
  const list = useList<ShownSource>(path, {}, POLL_MS);
  const [asking, setAsking] = useState<Asking>();
  const mayWrite = may('ingest_sources:write');
  const close = (): void => setAsking(undefined);

  const create = async (fields: FormData): Promise<void> => {
    const [username, password] = [textOf(fields, 'username'), passwordOf(fields, 'password')];
    await api.post(path, {
      name: textOf(fields, 'name'),
      url: textOf(fields, 'url'),
      mode: textOf(fields, 'mode'),
      ...(username !== '' && { username }),
      ...(password !== '' && { password }),
    });
    await list.reload();
  };
  const change = async ({ id, enabled }: ShownSource): Promise<void> => {
    await api.patch(`${path}/${id}`, { enabled: !enabled });
    await list.reload();
  };
  const remove = async ({ id }: ShownSource): Promise<void> => {
    await api.delete(`${path}/${id}`);
    await list.reload();
  };

  return (
    <Section
      title={texts.sources.title}
      lead={texts.sources.lead}
      actions={
        mayWrite && (
          <Button icon="plus" onClick={() => setAsking({ to: 'create' })}>
            {texts.sources.create}
          </Button>
        )
      }
    >
      <ShownList list={list} empty={<p class="panel muted">{texts.sources.empty}</p>}>
        {(sources) => (
          <DataTable
            label={texts.sources.title}
            rows={sources}
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
              { title: texts.common.state, cell: (source) => <SourceState source={source} /> },
              { title: texts.sources.mode, cell: ({ mode }) => texts.sources.modes[mode] },
              {
                isAtEnd: true,
                cell: (source) =>
                  mayWrite && (
                    <div class="row-actions">
                      <ActionButton action={() => change(source)}>
                        {source.enabled ? texts.sources.disable : texts.sources.enable}
                      </ActionButton>
                      <Button onClick={() => setAsking({ to: 'delete', source })}>{texts.sources.delete}</Button>
                    </div>
                  ),
              },
            ]}
          />
        )}
      </ShownList>
      {asking?.to === 'create' && (
        <FormDialog
          title={texts.sources.createTitle}
          submitText={texts.common.create}
          onSubmit={create}
          onClose={close}
        >
          <TextField
            label={texts.common.name}
            name="name"
            placeholder={texts.sources.namePlaceholder}
            maxLength={100}
            isRequired
            hasFocus
          />
          <TextField
            label={texts.sources.url}
            name="url"
            hint={texts.sources.urlHint}
            placeholder="rtsp://camera.example.com/door"
            maxLength={2_000}
            isRequired
          />
          <ChoiceField
            label={texts.sources.mode}
            name="mode"
            hint={texts.sources.modeHint}
            options={[
              ['always', texts.sources.modes.always],
              ['on_demand', texts.sources.modes.on_demand],
            ]}
          />
          <TextField label={texts.sources.username} name="username" maxLength={256} />
          <TextField label={texts.sources.password} name="password" type="password" hint={texts.sources.passwordHint} />
        </FormDialog>
      )}
      {asking?.to === 'delete' && (
        <ConfirmDialog
          title={texts.sources.deleteTitle(asking.source.name)}
          explanation={texts.sources.deleteExplanation}
          action={texts.sources.delete}
          onConfirm={() => remove(asking.source)}
          onClose={close}
        />
      )}
    </Section>
  );
}

/** The last error stays while it may still say something. */
function SourceState({ source }: { readonly source: ShownSource }): JSX.Element {
  const { state, state_since: since, last_error: error } = source;
  return (
    <>
      <Badge tone={TONES[state]}>{texts.sources.states[state]}</Badge>
      {since !== null && (
        <div class="small muted">
          {texts.sources.since} <Moment at={since} />
        </div>
      )}
      {error !== null && (
        <div class="small muted wrap">
          {texts.sources.lastError} (<Moment at={error.at} />
          ): {error.message}
        </div>
      )}
    </>
  );
}
