import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiFailure } from '../api/console-api.ts';
import type { BrowserAccess, BrowserSession, LogInProof } from '../api/browser-session.ts';
import { useResource } from '../api/use-resource.ts';
import { texts } from '../texts.ts';
import { ActionButton } from '../ui/action-button.tsx';
import { Button } from '../ui/button.tsx';
import { passwordOf, textOf, useSubmit } from '../ui/dialog.tsx';
import { FailureNotice } from '../ui/failure-notice.tsx';
import { TextField } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { Tabs } from '../ui/tabs.tsx';
import { AlonePage } from './alone-page.tsx';

type Way = 'password' | 'key';

interface LogInPageProps {
  readonly access: BrowserAccess;
  /** Why a link did not log in. */
  readonly linkFailure?: ApiFailure;
  readonly email?: string;
  /** The person has just logged out, and may also log out here. */
  readonly leftUrl: string | undefined;
  readonly onLoggedIn: (session: BrowserSession) => void;
}

export function LogInPage({ access, linkFailure, email, leftUrl, onLoggedIn }: LogInPageProps): JSX.Element {
  const [way, setWay] = useState<Way>('password');
  /** The password was right, and the account asks for a second proof. */
  const [needsCode, setNeedsCode] = useState(false);
  useEffect(() => {
    document.title = texts.common.documentTitle(texts.logIn.title);
  }, []);

  const { isBusy, failure, submit } = useSubmit(async (fields) => {
    try {
      onLoggedIn(await access.logIn(proofIn(fields, way)));
    } catch (error) {
      if (!(error instanceof ApiFailure && error.code === 'totp_required')) throw error;
      setNeedsCode(true);
    }
  });

  return (
    <AlonePage title={texts.logIn.title} lead={texts.logIn.lead}>
      {linkFailure !== undefined && <FailureNotice failure={linkFailure} />}
      <ProviderLogIn access={access} leftUrl={leftUrl} />
      <Tabs
        label={texts.logIn.title}
        value={way}
        options={[
          ['password', texts.logIn.withPassword],
          ['key', texts.logIn.withKey],
        ]}
        onChange={setWay}
      />
      <form class="stack" onSubmit={submit}>
        {way === 'key' ? (
          <TextField
            key="key"
            label={texts.logIn.apiKey}
            name="api_key"
            type="password"
            hint={texts.logIn.apiKeyHint}
            isRequired
          />
        ) : (
          <>
            <TextField
              label={texts.logIn.email}
              name="email"
              type="email"
              autoComplete="username"
              {...(email !== undefined && { value: email })}
              isRequired
            />
            <TextField
              label={texts.logIn.password}
              name="password"
              type="password"
              autoComplete="current-password"
              isRequired
            />
            {needsCode && (
              <TextField
                label={texts.logIn.code}
                name="code"
                autoComplete="one-time-code"
                hint={texts.logIn.codeHint}
                isRequired
              />
            )}
          </>
        )}
        {failure !== undefined && <FailureNotice failure={failure} />}
        <Button type="submit" kind="primary" isBusy={isBusy}>
          {texts.logIn.submit}
        </Button>
      </form>
    </AlonePage>
  );
}

/** The identity provider of this server, where it has one. */
function ProviderLogIn({ access, leftUrl }: Pick<LogInPageProps, 'access' | 'leftUrl'>): JSX.Element | null {
  const name = useResource('identity provider', () => access.identityProvider()).data ?? null;
  if (name === null) return null;
  return (
    <>
      {leftUrl !== undefined && (
        <Notice kind="info" headline={texts.logIn.loggedOut}>
          <p>{texts.logIn.stillAtProvider(name)}</p>
          <a href={leftUrl}>{texts.logIn.leaveProvider(name)}</a>
        </Notice>
      )}
      <ActionButton kind="primary" action={() => access.goToProvider()}>
        {texts.logIn.atProvider(name)}
      </ActionButton>
      <p class="or small muted">{texts.logIn.or}</p>
    </>
  );
}

function proofIn(fields: FormData, way: Way): LogInProof {
  if (way === 'key') return { api_key: textOf(fields, 'api_key') };
  const code = textOf(fields, 'code').replaceAll(' ', '');
  return {
    email: textOf(fields, 'email'),
    password: passwordOf(fields, 'password'),
    ...(code !== '' && (/^\d{6}$/.test(code) ? { totp_code: code } : { recovery_code: code })),
  };
}
