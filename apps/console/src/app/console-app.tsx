// The whole application: finds out who looks at it, then shows the log-in page or the pages of the console.
import type { JSX } from 'preact';
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { ApiFailure } from './api/console-api.ts';
import { BrowserAccess, mayUse } from './api/browser-session.ts';
import type { BrowserSession } from './api/browser-session.ts';
import { AcceptLinkPage } from './access/accept-link-page.tsx';
import { LogInPage } from './access/log-in-page.tsx';
import { takeLinkToken, takeOidcResponse } from './access/link-token.ts';
import { Pages } from './pages.tsx';
import { SessionContext } from './session-context.tsx';
import type { SessionView } from './session-context.tsx';
import { Shell } from './shell/shell.tsx';
import { texts } from './texts.ts';
import { FailureNotice } from './ui/failure-notice.tsx';
import { Loading } from './ui/shown.tsx';

type Phase =
  | { readonly is: 'asking' }
  | {
      readonly is: 'logged-out';
      readonly failure?: ApiFailure;
      readonly email?: string;
      readonly leftUrl?: string | undefined;
    }
  | { readonly is: 'accepting'; readonly token: string }
  | { readonly is: 'failed'; readonly failure: ApiFailure }
  | { readonly is: 'logged-in'; readonly session: BrowserSession };

/** An operator's choice lasts as long as the tab. */
const TENANT_STORED_AS = 'millrace.console.tenant';

export function ConsoleApp(): JSX.Element {
  const [phase, setPhase] = useState<Phase>({ is: 'asking' });
  const access = useMemo(
    () => new BrowserAccess(() => setPhase((now) => (now.is === 'logged-in' ? { is: 'logged-out' } : now))),
    [],
  );

  const ask = useCallback(async (): Promise<void> => {
    setPhase({ is: 'asking' });
    const oidcResponse = takeOidcResponse();
    const link = takeLinkToken();
    if (link !== undefined && link.kind !== 'login') return setPhase({ is: 'accepting', token: link.token });
    try {
      const proof = oidcResponse !== undefined ? { oidc_response: oidcResponse } : link && { login_code: link.token };
      const session = proof === undefined ? await access.current() : await access.logIn(proof);
      setPhase(session === undefined ? { is: 'logged-out' } : { is: 'logged-in', session });
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      const isLogIn = link !== undefined || oidcResponse !== undefined;
      setPhase({ is: isLogIn ? 'logged-out' : 'failed', failure: error });
    }
  }, [access]);
  useEffect(() => {
    void ask();
  }, [ask]);

  switch (phase.is) {
    case 'asking':
      return (
        <main class="alone">
          <Loading />
        </main>
      );
    case 'failed':
      return (
        <main class="alone">
          <FailureNotice failure={phase.failure} onRetry={() => void ask()} />
        </main>
      );
    case 'logged-out':
      return (
        <LogInPage
          access={access}
          {...(phase.failure !== undefined && { linkFailure: phase.failure })}
          {...(phase.email !== undefined && { email: phase.email })}
          leftUrl={phase.leftUrl}
          onLoggedIn={(session) => setPhase({ is: 'logged-in', session })}
        />
      );
    case 'accepting':
      return (
        <AcceptLinkPage
          api={access.api}
          token={phase.token}
          onAccepted={(email) => setPhase({ is: 'logged-out', email })}
        />
      );
    case 'logged-in':
      return (
        <LoggedIn
          key={phase.session.id}
          access={access}
          session={phase.session}
          onLoggedOut={() =>
            setPhase({ is: 'logged-out', leftUrl: phase.session.user?.provider_logout_url ?? undefined })
          }
        />
      );
  }
}

interface LoggedInProps {
  readonly access: BrowserAccess;
  readonly session: BrowserSession;
  readonly onLoggedOut: () => void;
}

function LoggedIn({ access, session, onLoggedOut }: LoggedInProps): JSX.Element {
  const [chosen, setChosen] = useState(() => sessionStorage.getItem(TENANT_STORED_AS) ?? undefined);
  const isOperator = session.tenant_id === null;
  const view = useMemo(
    (): SessionView => ({
      session,
      api: access.api,
      may: (scope) => mayUse(session, scope),
      isOperator,
      tenantId: session.tenant_id ?? chosen,
      chooseTenant: (tenantId) => {
        if (tenantId === undefined) sessionStorage.removeItem(TENANT_STORED_AS);
        else sessionStorage.setItem(TENANT_STORED_AS, tenantId);
        setChosen(tenantId);
      },
      logOut: async () => {
        await access.logOut();
        sessionStorage.removeItem(TENANT_STORED_AS);
        onLoggedOut();
      },
    }),
    [access, session, isOperator, chosen, onLoggedOut],
  );
  return (
    <SessionContext.Provider value={view}>
      <a class="skip" href="#content">
        {texts.common.skipToContent}
      </a>
      <Shell>
        <Pages />
      </Shell>
    </SessionContext.Provider>
  );
}
