import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { embedCode } from '../../watch/embed-code.ts';
import type { TenantStream, PlaybackLink } from '../api/resources.ts';
import { RevokeViewerDialog } from '../playback/revoke-viewer-dialog.tsx';
import { Link } from '../routing.tsx';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { CopyField } from '../ui/copy-field.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { Dialog, FormDialog, textOf } from '../ui/dialog.tsx';
import { ChoiceField } from '../ui/field.tsx';
import { Icon } from '../ui/icon.tsx';
import { Moment } from '../ui/moment.tsx';
import { Section } from '../ui/section.tsx';

interface PlaybackSectionProps {
  readonly stream: TenantStream;
  readonly onChanged: () => Promise<void>;
}

type Asking =
  { readonly to: 'create' | 'revoke-viewer' } | { readonly to: 'share' | 'withdraw'; readonly link: PlaybackLink };

/** The links to watch a stream. */
export function PlaybackSection({ stream, onChanged }: PlaybackSectionProps): JSX.Element {
  const { api, may } = useSession();
  const [asking, setAsking] = useState<Asking>();
  const mayWrite = may('live_streams:write');
  const path = `/v1/live_streams/${stream.id}/playback_ids`;
  const close = (): void => setAsking(undefined);
  const create = async (fields: FormData): Promise<void> => {
    await api.post(path, { policy: textOf(fields, 'policy') });
    await onChanged();
  };
  const withdraw = async ({ id }: PlaybackLink): Promise<void> => {
    await api.delete(`${path}/${id}`);
    await onChanged();
  };

  return (
    <Section
      title={texts.playback.title}
      lead={texts.playback.lead}
      actions={
        <>
          {may('playback:write') && stream.playback_ids.some(({ policy }) => policy === 'signed') && (
            <Button onClick={() => setAsking({ to: 'revoke-viewer' })}>{texts.signedPlayback.revokeViewer}</Button>
          )}
          {mayWrite && (
            <Button icon="plus" onClick={() => setAsking({ to: 'create' })}>
              {texts.playback.create}
            </Button>
          )}
        </>
      }
    >
      {stream.playback_ids.length === 0 ? (
        <p class="panel muted">{texts.playback.empty}</p>
      ) : (
        <DataTable
          label={texts.playback.title}
          rows={stream.playback_ids}
          keyOf={({ id }) => id}
          columns={[
            { title: texts.playback.id, cell: ({ id }) => <code>{id}</code> },
            { title: texts.playback.policy, cell: ({ policy }) => texts.playback.policies[policy] },
            { title: texts.common.created, cell: ({ created_at: at }) => <Moment at={at} /> },
            {
              isAtEnd: true,
              cell: (link) => (
                <div class="row-actions">
                  {link.policy === 'public' && (
                    <a class="button plain" href={link.watch_url} target="_blank" rel="noreferrer">
                      <Icon name="open" />
                      {texts.playback.open}
                    </a>
                  )}
                  <Button onClick={() => setAsking({ to: 'share', link })}>{texts.playback.share}</Button>
                  {mayWrite && (
                    <Button onClick={() => setAsking({ to: 'withdraw', link })}>{texts.playback.withdraw}</Button>
                  )}
                </div>
              ),
            },
          ]}
        />
      )}
      {asking?.to === 'create' && (
        <FormDialog
          title={texts.playback.createTitle}
          submitText={texts.common.create}
          onSubmit={create}
          onClose={close}
        >
          <ChoiceField
            label={texts.playback.policy}
            name="policy"
            hint={texts.playback.policyHint}
            options={texts.playback.policyOptions}
          />
        </FormDialog>
      )}
      {asking?.to === 'share' && (
        <Dialog title={texts.playback.shareTitle} onClose={close}>
          <div class="dialog-body">
            <CopyField label={texts.playback.watch} value={asking.link.watch_url} />
            <CopyField label={texts.playback.hls} value={asking.link.playback_url} />
            {stream.latency_mode === 'low' && <CopyField label={texts.playback.dash} value={asking.link.dash_url} />}
            {stream.encryption === 'none' && <CopyField label={texts.playback.rtmp} value={asking.link.rtmp_url} />}
            {stream.encryption === 'none' && asking.link.rtsp_url !== null && (
              <CopyField label={texts.playback.rtsp} value={asking.link.rtsp_url} />
            )}
            {stream.encryption === 'none' && asking.link.srt_url !== null && (
              <CopyField label={texts.playback.srt} value={asking.link.srt_url} />
            )}
            <CopyField label={texts.playback.embed} value={embedCode(asking.link.watch_url, stream.name)} />
            {asking.link.policy === 'signed' && (
              <>
                <p class="small muted">{texts.playback.tokenHint}</p>
                {may('playback:read') && <Link to="/playback">{texts.playback.toKeys}</Link>}
              </>
            )}
          </div>
        </Dialog>
      )}
      {asking?.to === 'revoke-viewer' && <RevokeViewerDialog tenantId={stream.tenant_id} onClose={close} />}
      {asking?.to === 'withdraw' && (
        <ConfirmDialog
          title={texts.playback.deleteTitle}
          explanation={texts.playback.deleteExplanation}
          action={texts.playback.withdraw}
          onConfirm={() => withdraw(asking.link)}
          onClose={close}
        />
      )}
    </Section>
  );
}
