import type { JSX } from 'preact';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { PageHead } from '../ui/page-head.tsx';
import { Section } from '../ui/section.tsx';
import { PasswordForm } from './password-form.tsx';
import { SecondFactor } from './second-factor.tsx';
import { SessionList } from './session-list.tsx';

export function AccountPage(): JSX.Element {
  const { session } = useSession();
  const { user } = session;
  return (
    <>
      <PageHead title={texts.account.title} lead={user?.email ?? texts.shell.withKey} />
      {user !== null && !user.has_password && (
        <Section title={texts.account.password}>
          <p class="panel muted">{texts.account.noPassword}</p>
        </Section>
      )}
      {user !== null && user.has_password && (
        <>
          <Section title={texts.account.password}>
            <PasswordForm userId={user.id} />
          </Section>
          <Section title={texts.account.secondFactor} lead={texts.account.secondFactorLead}>
            <SecondFactor userId={user.id} isOn={user.totp_enabled} />
          </Section>
        </>
      )}
      <Section title={texts.account.sessions} lead={texts.account.sessionsLead}>
        <SessionList {...(user !== null && { userId: user.id })} empty={null} />
      </Section>
    </>
  );
}
