import type { JSX } from 'preact';
import type { ConsoleApi } from '../api/console-api.ts';
import { useResource } from '../api/use-resource.ts';
import { texts } from '../texts.ts';
import { Button } from '../ui/button.tsx';
import { passwordOf, textOf, useSubmit } from '../ui/dialog.tsx';
import { FailureNotice } from '../ui/failure-notice.tsx';
import { TextField } from '../ui/field.tsx';
import { Shown } from '../ui/shown.tsx';
import { AlonePage } from './alone-page.tsx';

interface LinkPurpose {
  readonly kind: 'invitation' | 'password_reset';
  readonly email: string;
  readonly tenant_name: string | null;
}

interface AcceptLinkPageProps {
  readonly api: ConsoleApi;
  readonly token: string;
  readonly onAccepted: (email: string) => void;
}

/** Where an invitation, or a link to a new password, leads: the person chooses a password. */
export function AcceptLinkPage({ api, token, onAccepted }: AcceptLinkPageProps): JSX.Element {
  const purpose = useResource(token, () => api.post<LinkPurpose>('/v1/user_links/inspect', { token }));
  const { isBusy, failure, submit } = useSubmit(async (fields) => {
    const name = textOf(fields, 'name');
    const { email } = await api.post<{ readonly email: string }>('/v1/user_links/accept', {
      token,
      password: passwordOf(fields, 'password'),
      ...(name !== '' && { name }),
    });
    onAccepted(email);
  });
  return (
    <AlonePage title={texts.acceptLink.title} lead={texts.acceptLink.lead}>
      <Shown loaded={purpose}>
        {({ kind, email, tenant_name: tenant }) => (
          <form class="stack" onSubmit={submit}>
            <p>{kind === 'invitation' ? texts.acceptLink.invited(email, tenant) : texts.acceptLink.resetting(email)}</p>
            {kind === 'invitation' && (
              <TextField label={texts.acceptLink.name} name="name" autoComplete="name" maxLength={100} />
            )}
            <input type="hidden" name="username" autoComplete="username" value={email} />
            <TextField
              label={texts.account.newPassword}
              name="password"
              type="password"
              autoComplete="new-password"
              hint={texts.account.passwordHint}
              isRequired
              hasFocus
            />
            {failure !== undefined && <FailureNotice failure={failure} />}
            <Button type="submit" kind="primary" isBusy={isBusy}>
              {texts.acceptLink.submit}
            </Button>
          </form>
        )}
      </Shown>
    </AlonePage>
  );
}
