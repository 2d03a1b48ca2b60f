// What every page knows: who looks at it, the API with that person's rights, and which tenant an operator has chosen.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { ConsoleApi } from './api/console-api.ts';
import type { BrowserSession } from './api/browser-session.ts';

export interface SessionView {
  readonly session: BrowserSession;
  readonly api: ConsoleApi;
  readonly may: (scope: string) => boolean;
  readonly isOperator: boolean;
  /** The tenant that is looked at. undefined: an operator looks at all of them. */
  readonly tenantId: string | undefined;
  readonly chooseTenant: (tenantId: string | undefined) => void;
  readonly logOut: () => Promise<void>;
}

export const SessionContext = createContext<SessionView | undefined>(undefined);

export function useSession(): SessionView {
  const view = useContext(SessionContext);
  if (view === undefined) throw new Error('this page needs a session around it');
  return view;
}
