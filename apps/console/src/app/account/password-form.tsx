import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { Button } from '../ui/button.tsx';
import { passwordOf, useSubmit } from '../ui/dialog.tsx';
import { FailureNotice } from '../ui/failure-notice.tsx';
import { TextField } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';

export function PasswordForm({ userId }: { readonly userId: string }): JSX.Element {
  const { api } = useSession();
  const [changes, setChanges] = useState(0);
  const { isBusy, failure, submit } = useSubmit(async (fields) => {
    await api.post(`/v1/users/${userId}/password`, {
      current_password: passwordOf(fields, 'current_password'),
      new_password: passwordOf(fields, 'new_password'),
    });
    setChanges(changes + 1);
  });
  return (
    <form class="panel stack narrow" key={changes} onSubmit={submit}>
      {changes > 0 && <Notice kind="good" headline={texts.account.passwordChanged} />}
      <TextField
        label={texts.account.currentPassword}
        name="current_password"
        type="password"
        autoComplete="current-password"
        isRequired
      />
      <TextField
        label={texts.account.newPassword}
        name="new_password"
        type="password"
        autoComplete="new-password"
        hint={texts.account.passwordHint}
        isRequired
      />
      {failure !== undefined && <FailureNotice failure={failure} />}
      <div class="actions">
        <Button type="submit" kind="primary" isBusy={isBusy}>
          {texts.account.changePassword}
        </Button>
      </div>
    </form>
  );
}
