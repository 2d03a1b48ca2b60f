import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CallInvitation } from '../api/resources.ts';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { Button } from '../ui/button.tsx';
import { CopyField } from '../ui/copy-field.tsx';
import { Dialog, textOf, useSubmit } from '../ui/dialog.tsx';
import { FailureNotice } from '../ui/failure-notice.tsx';
import { ChoiceField, TextField } from '../ui/field.tsx';
import { Icon } from '../ui/icon.tsx';

interface InviteDialogProps {
  /** Of the room, in the API. */
  readonly roomPath: string;
  readonly onClose: () => void;
}

/** Makes a link to the call page of a room. */
export function InviteDialog({ roomPath, onClose }: InviteDialogProps): JSX.Element {
  const { api } = useSession();
  const [invitation, setInvitation] = useState<CallInvitation>();
  const { isBusy, failure, submit } = useSubmit(async (fields) => {
    const name = textOf(fields, 'name');
    setInvitation(
      await api.post<CallInvitation>(`${roomPath}/tokens`, {
        ...(name !== '' && { name }),
        ttl_seconds: Number(textOf(fields, 'ttl_seconds')),
      }),
    );
  });
  if (invitation !== undefined)
    return (
      <Dialog title={texts.rooms.inviteTitle} onClose={onClose}>
        <div class="dialog-body">
          <CopyField label={texts.rooms.callLink} value={invitation.call_url} hint={texts.rooms.callLinkHint} />
        </div>
        <div class="dialog-foot">
          <a class="button plain" href={invitation.call_url} target="_blank" rel="noreferrer">
            <Icon name="open" />
            {texts.rooms.join}
          </a>
          <Button kind="primary" onClick={onClose}>
            {texts.common.done}
          </Button>
        </div>
      </Dialog>
    );
  return (
    <Dialog title={texts.rooms.inviteTitle} onClose={onClose}>
      <form onSubmit={submit}>
        <div class="dialog-body">
          <TextField
            label={texts.rooms.inviteName}
            name="name"
            hint={texts.rooms.inviteNameHint}
            maxLength={50}
            hasFocus
          />
          <ChoiceField
            label={texts.rooms.inviteFor}
            name="ttl_seconds"
            value="86400"
            options={texts.rooms.inviteTimes}
          />
          {failure !== undefined && <FailureNotice failure={failure} />}
        </div>
        <div class="dialog-foot">
          <Button onClick={onClose}>{texts.common.cancel}</Button>
          <Button type="submit" kind="primary" isBusy={isBusy}>
            {texts.rooms.makeLink}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
