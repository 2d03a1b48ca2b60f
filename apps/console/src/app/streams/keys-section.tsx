import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { TenantStream, NewStreamKey, StreamKey } from '../api/resources.ts';
import { useList } from '../api/use-list.ts';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { ActionButton } from '../ui/action-button.tsx';
import { Badge } from '../ui/badge.tsx';
import type { BadgeTone } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { Dialog, FormDialog, passwordOf, textOf } from '../ui/dialog.tsx';
import { ChoiceField, TextField } from '../ui/field.tsx';
import { Moment } from '../ui/moment.tsx';
import { Section } from '../ui/section.tsx';
import { ShownList } from '../ui/shown.tsx';
import { timeIn } from '../ui/time-in.ts';
import { SetupSteps } from './setup-steps.tsx';

const TONES: Readonly<Record<StreamKey['status'], BadgeTone>> = {
  active: 'good',
  expiring: 'warning',
  expired: 'neutral',
  revoked: 'neutral',
};

type Asking = { readonly to: 'create' } | { readonly to: 'rotate' | 'revoke'; readonly key: StreamKey };

const PASSPHRASE = 'srt_passphrase';
/** What the API takes: 10 to 79 characters of ASCII. */
const PassphraseField = ({ hint }: { readonly hint: string }): JSX.Element => (
  <TextField
    label={texts.keys.srtPassphrase}
    name={PASSPHRASE}
    pattern="[ -~]{10,79}"
    maxLength={79}
    autoComplete="off"
    hint={hint}
  />
);

interface ShownKey {
  readonly key: NewStreamKey;
  /** What was just given as its passphrase for SRT. */
  readonly srtPassphrase: string | undefined;
}

interface KeysSectionProps {
  readonly stream: TenantStream;
  /** How often keys were made and deleted elsewhere on the page, with the sources that have them. */
  readonly changed: number;
}

/** Who may publish: keys are made, shown, replaced and revoked here. */
export function KeysSection({ stream, changed }: KeysSectionProps): JSX.Element {
  const { api, may } = useSession();
  const path = `/v1/live_streams/${stream.id}/stream_keys`;
  const list = useList<StreamKey>(path);
  const { reload } = list;
  useEffect(() => {
    if (changed > 0) void reload();
  }, [changed, reload]);
  const [asking, setAsking] = useState<Asking>();
  const [shown, setShown] = useState<ShownKey>();
  const mayWrite = may('stream_keys:write');
  const hasSrt = stream.ingest.srt_url !== null;
  const close = (): void => setAsking(undefined);

  const show = async (url: string, fields: FormData, rest: object): Promise<void> => {
    const srtPassphrase = passwordOf(fields, PASSPHRASE) || undefined;
    const body = { ...rest, ...(srtPassphrase !== undefined && { srt_passphrase: srtPassphrase }) };
    setShown({ key: await api.post<NewStreamKey>(url, body), srtPassphrase });
  };
  const create = async (fields: FormData): Promise<void> => {
    const expiresAt = timeIn(fields, 'expires_at');
    await show(path, fields, { name: textOf(fields, 'name'), expires_at: expiresAt });
    await list.reload();
  };
  const rotate = async (key: StreamKey, fields: FormData): Promise<void> => {
    const graceSeconds = Number(textOf(fields, 'grace_seconds'));
    await show(`${path}/${key.id}/rotate`, fields, { grace_seconds: graceSeconds });
    await list.reload();
  };
  const reveal = async (key: StreamKey): Promise<void> => {
    setShown({ key: await api.post<NewStreamKey>(`${path}/${key.id}/reveal`), srtPassphrase: undefined });
  };
  const revoke = async (key: StreamKey): Promise<void> => {
    await api.delete(`${path}/${key.id}`);
    await list.reload();
  };

  return (
    <Section
      title={texts.keys.title}
      lead={texts.keys.lead}
      actions={
        mayWrite && (
          <Button icon="plus" onClick={() => setAsking({ to: 'create' })}>
            {texts.keys.create}
          </Button>
        )
      }
    >
      <ShownList list={list} empty={<p class="panel muted">{texts.keys.empty}</p>}>
        {(keys) => (
          <DataTable
            label={texts.keys.title}
            rows={keys}
            keyOf={({ id }) => id}
            columns={[
              {
                title: texts.common.name,
                cell: ({ name, ingest_source_id: sourceId }) => (
                  <>
                    <strong>{name}</strong>
                    {sourceId !== null && <div class="small muted">{texts.keys.ofSource}</div>}
                  </>
                ),
              },
              { title: texts.keys.key, cell: ({ hint }) => <code>…{hint}</code> },
              {
                title: texts.common.state,
                cell: (key) => <Badge tone={TONES[key.status]}>{texts.keys.states[key.status]}</Badge>,
              },
              {
                title: texts.keys.expires,
                cell: ({ expires_at: at }) => (at === null ? texts.common.never : <Moment at={at} />),
              },
              {
                title: texts.keys.lastUsed,
                cell: ({ last_used_at: at }) => (at === null ? texts.common.never : <Moment at={at} />),
              },
              {
                isAtEnd: true,
                cell: (key) =>
                  mayWrite &&
                  // That of a source goes with the source.
                  key.ingest_source_id === null &&
                  (key.status === 'active' || key.status === 'expiring') && (
                    <div class="row-actions">
                      {may('stream_key_secrets:write') && (
                        <ActionButton action={() => reveal(key)}>{texts.keys.reveal}</ActionButton>
                      )}
                      <Button onClick={() => setAsking({ to: 'rotate', key })}>{texts.keys.rotate}</Button>
                      <Button onClick={() => setAsking({ to: 'revoke', key })}>{texts.keys.revoke}</Button>
                    </div>
                  ),
              },
            ]}
          />
        )}
      </ShownList>
      {asking?.to === 'create' && (
        <FormDialog title={texts.keys.createTitle} submitText={texts.common.create} onSubmit={create} onClose={close}>
          <TextField
            label={texts.common.name}
            name="name"
            placeholder={texts.keys.namePlaceholder}
            maxLength={100}
            isRequired
            hasFocus
          />
          <TextField label={texts.keys.expires} name="expires_at" type="datetime-local" hint={texts.keys.expiresHint} />
          {hasSrt && <PassphraseField hint={texts.keys.srtPassphraseHint} />}
        </FormDialog>
      )}
      {asking?.to === 'rotate' && (
        <FormDialog
          title={texts.keys.rotateTitle(asking.key.name)}
          submitText={texts.keys.rotate}
          onSubmit={(fields) => rotate(asking.key, fields)}
          onClose={close}
        >
          <p>{texts.keys.rotateExplanation}</p>
          <ChoiceField label={texts.keys.grace} name="grace_seconds" value="86400" options={texts.common.graces} />
          {hasSrt && <PassphraseField hint={texts.keys.srtPassphraseKept} />}
        </FormDialog>
      )}
      {asking?.to === 'revoke' && (
        <ConfirmDialog
          title={texts.keys.revokeTitle(asking.key.name)}
          explanation={texts.keys.revokeExplanation}
          action={texts.keys.revoke}
          onConfirm={() => revoke(asking.key)}
          onClose={close}
        />
      )}
      {shown !== undefined && (
        <Dialog title={texts.keys.newTitle(shown.key.name)} onClose={() => setShown(undefined)}>
          <div class="dialog-body">
            <SetupSteps streamKey={shown.key} ingest={stream.ingest} srtPassphrase={shown.srtPassphrase} />
          </div>
          <div class="dialog-foot">
            <Button kind="primary" onClick={() => setShown(undefined)}>
              {texts.common.done}
            </Button>
          </div>
        </Dialog>
      )}
    </Section>
  );
}
