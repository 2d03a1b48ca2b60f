import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ViewerRevocation } from '../api/resources.ts';
import { useSession } from '../session-context.tsx';
import { TenantField, tenantIn } from '../shell/tenant-field.tsx';
import { texts } from '../texts.ts';
import { Button } from '../ui/button.tsx';
import { Dialog, textOf, useSubmit } from '../ui/dialog.tsx';
import { FailureNotice } from '../ui/failure-notice.tsx';
import { TextField } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';

interface RevokeViewerDialogProps {
  /** Not given: the person chooses. */
  readonly tenantId?: string;
  readonly onClose: () => void;
}

/** Ends what a viewer with tokens sees. The viewer is known by the name that the tenant's own server gave it. */
export function RevokeViewerDialog({ tenantId, onClose }: RevokeViewerDialogProps): JSX.Element {
  const { api, tenantId: chosen } = useSession();
  const [revoked, setRevoked] = useState<ViewerRevocation>();
  const { isBusy, failure, submit } = useSubmit(async (fields) => {
    const version = textOf(fields, 'version_lte');
    setRevoked(
      await api.post<ViewerRevocation>('/v1/viewer_sessions/revoke', {
        viewer_id: textOf(fields, 'viewer_id'),
        ...(version !== '' && { version_lte: Number(version) }),
        ...tenantIn(fields, tenantId ?? chosen),
      }),
    );
  });
  return (
    <Dialog title={texts.signedPlayback.revokeViewer} onClose={onClose}>
      <form onSubmit={submit}>
        <div class="dialog-body">
          <p>{texts.signedPlayback.revokeExplanation}</p>
          <TextField
            label={texts.signedPlayback.viewerId}
            name="viewer_id"
            hint={texts.signedPlayback.viewerIdHint}
            maxLength={40}
            isRequired
            hasFocus
          />
          <TextField
            label={texts.signedPlayback.version}
            name="version_lte"
            type="number"
            min={0}
            hint={texts.signedPlayback.versionHint}
          />
          {tenantId === undefined && <TenantField />}
          {failure !== undefined && <FailureNotice failure={failure} />}
          {revoked !== undefined && (
            <Notice kind="good" headline={texts.signedPlayback.revoked(revoked.viewer_id)}>
              <p>{texts.signedPlayback.revokedAdvice}</p>
            </Notice>
          )}
        </div>
        <div class="dialog-foot">
          <Button onClick={onClose}>{texts.common.close}</Button>
          <Button type="submit" kind="danger" isBusy={isBusy}>
            {texts.keys.revoke}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
