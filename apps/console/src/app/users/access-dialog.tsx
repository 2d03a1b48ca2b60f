import type { JSX } from 'preact';
import { SessionList } from '../account/session-list.tsx';
import type { ConsoleUser } from '../api/resources.ts';
import { useResource } from '../api/use-resource.ts';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { ActionButton } from '../ui/action-button.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';

interface AccessDialogProps {
  readonly user: ConsoleUser;
  readonly onChanged: () => Promise<void>;
  readonly onClose: () => void;
}

/** Where a user is logged in, and help for one who has lost the phone. */
export function AccessDialog({ user, onChanged, onClose }: AccessDialogProps): JSX.Element {
  const { api } = useSession();
  const path = `/v1/users/${user.id}`;
  // The list may be older than the second factor.
  const { totp_enabled: hasFactor } = useResource(path, () => api.get<ConsoleUser>(path)).data ?? user;
  return (
    <Dialog title={texts.users.accessTitle(user.name)} onClose={onClose}>
      <div class="dialog-body">
        <SessionList userId={user.id} empty={<p class="muted">{texts.users.notLoggedIn}</p>} />
        {hasFactor && (
          <>
            <p>{texts.users.lostPhone}</p>
            <ActionButton
              action={async () => {
                await api.delete(`${path}/totp`);
                await onChanged();
                onClose();
              }}
            >
              {texts.users.removeFactor}
            </ActionButton>
          </>
        )}
      </div>
      <div class="dialog-foot">
        <Button kind="primary" onClick={onClose}>
          {texts.common.done}
        </Button>
      </div>
    </Dialog>
  );
}
