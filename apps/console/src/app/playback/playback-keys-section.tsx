import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { NewPlaybackKey, PlaybackKey } from '../api/resources.ts';
import { useList } from '../api/use-list.ts';
import { useSession } from '../session-context.tsx';
import { TenantField, tenantIn } from '../shell/tenant-field.tsx';
import { texts } from '../texts.ts';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { CopyField } from '../ui/copy-field.tsx';
import { DataTable, nameColumn } from '../ui/data-table.tsx';
import { Dialog, FormDialog, textOf } from '../ui/dialog.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { ChoiceField, TextAreaField, TextField } from '../ui/field.tsx';
import { Moment } from '../ui/moment.tsx';
import { Section } from '../ui/section.tsx';
import { ShownList } from '../ui/shown.tsx';
import { publicKeyIn } from './public-key-in.ts';

type Asking = { readonly to: 'create' | 'import' } | { readonly to: 'revoke'; readonly key: PlaybackKey };

/** The keys that playback tokens are signed with. */
export function PlaybackKeysSection(): JSX.Element {
  const { api, tenantId, may } = useSession();
  const list = useList<PlaybackKey>('/v1/playback_keys', { tenant_id: tenantId });
  const [asking, setAsking] = useState<Asking>();
  const [shown, setShown] = useState<PlaybackKey | NewPlaybackKey>();
  const close = (): void => setAsking(undefined);
  const mayWrite = may('playback:write');
  const create = async (fields: FormData, key: object): Promise<void> => {
    const made = await api.post<NewPlaybackKey>('/v1/playback_keys', {
      name: textOf(fields, 'name'),
      ...key,
      ...tenantIn(fields, tenantId),
    });
    setShown(made);
    await list.reload();
  };
  const buttons = mayWrite && (
    <>
      <Button onClick={() => setAsking({ to: 'import' })}>{texts.playbackKeys.import}</Button>
      <Button icon="plus" onClick={() => setAsking({ to: 'create' })}>
        {texts.playbackKeys.create}
      </Button>
    </>
  );
  return (
    <Section title={texts.playbackKeys.title} lead={texts.playbackKeys.lead} actions={buttons}>
      <ShownList
        list={list}
        empty={
          <EmptyState
            icon="keys"
            headline={texts.playbackKeys.empty}
            explanation={may('playback:write') ? texts.playbackKeys.emptyExplanation : texts.common.mayNotCreate}
          />
        }
      >
        {(keys) => (
          <DataTable
            label={texts.playbackKeys.title}
            rows={keys}
            keyOf={({ id }) => id}
            columns={[
              nameColumn,
              {
                title: texts.playbackKeys.algorithm,
                cell: ({ algorithm, origin }) => `${algorithm}, ${texts.playbackKeys.origins[origin]}`,
              },
              {
                title: texts.common.state,
                cell: ({ status }) => (
                  <Badge tone={status === 'active' ? 'good' : 'neutral'}>{texts.playbackKeys.states[status]}</Badge>
                ),
              },
              {
                title: texts.keys.lastUsed,
                cell: ({ last_used_at: at }) => (at === null ? texts.common.never : <Moment at={at} />),
              },
              {
                isAtEnd: true,
                cell: (key) => (
                  <div class="row-actions">
                    <Button onClick={() => setShown(key)}>{texts.playbackKeys.show}</Button>
                    {mayWrite && key.status === 'active' && (
                      <Button onClick={() => setAsking({ to: 'revoke', key })}>{texts.keys.revoke}</Button>
                    )}
                  </div>
                ),
              },
            ]}
          />
        )}
      </ShownList>
      {asking?.to === 'create' && (
        <FormDialog
          title={texts.playbackKeys.createTitle}
          submitText={texts.common.create}
          onSubmit={(fields) => create(fields, { algorithm: textOf(fields, 'algorithm') })}
          onClose={close}
        >
          <TextField label={texts.common.name} name="name" maxLength={100} isRequired hasFocus />
          <ChoiceField
            label={texts.playbackKeys.algorithm}
            name="algorithm"
            hint={texts.playbackKeys.algorithmHint}
            options={texts.playbackKeys.algorithms}
          />
          <TenantField />
        </FormDialog>
      )}
      {asking?.to === 'import' && (
        <FormDialog
          title={texts.playbackKeys.importTitle}
          submitText={texts.playbackKeys.import}
          onSubmit={(fields) => create(fields, publicKeyIn(textOf(fields, 'public_key')))}
          onClose={close}
        >
          <TextField label={texts.common.name} name="name" maxLength={100} isRequired hasFocus />
          <TextAreaField
            label={texts.playbackKeys.publicKey}
            name="public_key"
            hint={texts.playbackKeys.importHint}
            placeholder={texts.playbackKeys.importPlaceholder}
            maxLength={2_000}
            isRequired
          />
          <TenantField />
        </FormDialog>
      )}
      {asking?.to === 'revoke' && (
        <ConfirmDialog
          title={texts.keys.revokeTitle(asking.key.name)}
          explanation={texts.playbackKeys.revokeExplanation}
          action={texts.keys.revoke}
          onConfirm={async () => {
            await api.delete(`/v1/playback_keys/${asking.key.id}`);
            await list.reload();
          }}
          onClose={close}
        />
      )}
      {shown !== undefined && <KeyDialog shown={shown} onClose={() => setShown(undefined)} />}
    </Section>
  );
}

/** With its private key where it was just made. */
const KeyDialog = ({
  shown,
  onClose,
}: {
  readonly shown: PlaybackKey | NewPlaybackKey;
  readonly onClose: () => void;
}): JSX.Element => (
  <Dialog title={texts.playbackKeys.oneTitle(shown.name)} onClose={onClose}>
    <div class="dialog-body">
      <CopyField label={texts.playbackKeys.kid} value={shown.id} hint={texts.playbackKeys.kidHint} />
      {'private_key' in shown && shown.private_key !== null && (
        <CopyField
          label={texts.playbackKeys.privateKey}
          value={shown.private_key}
          hint={texts.playbackKeys.privateKeyHint}
          hasLines
        />
      )}
      <CopyField label={texts.playbackKeys.publicKey} value={shown.public_key} hasLines />
    </div>
    <div class="dialog-foot">
      <Button kind="primary" onClick={onClose}>
        {texts.common.done}
      </Button>
    </div>
  </Dialog>
);
