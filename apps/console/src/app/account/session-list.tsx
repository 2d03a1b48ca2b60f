import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { BrowserSession } from '../api/browser-session.ts';
import { useList } from '../api/use-list.ts';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { ActionButton } from '../ui/action-button.tsx';
import { Badge } from '../ui/badge.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { Moment } from '../ui/moment.tsx';
import { ShownList } from '../ui/shown.tsx';

interface SessionListProps {
  /** Not given: all that the caller may see. */
  readonly userId?: string;
  readonly empty: ComponentChildren;
}

/** Where a person is logged in. */
export function SessionList({ userId, empty }: SessionListProps): JSX.Element {
  const { api, logOut } = useSession();
  const list = useList<BrowserSession>('/v1/console_sessions', { user_id: userId });
  const [ended, setEnded] = useState<readonly string[]>([]);
  const end = async (one: BrowserSession): Promise<void> => {
    if (one.current) return logOut();
    await api.delete(`/v1/console_sessions/${one.id}`);
    setEnded([...ended, one.id]);
    await list.reload();
  };
  return (
    <ShownList list={list} empty={empty}>
      {(sessions) => (
        <DataTable
          label={texts.account.sessions}
          rows={sessions.filter(({ id }) => !ended.includes(id))}
          keyOf={({ id }) => id}
          columns={[
            {
              title: texts.account.browser,
              cell: ({ user_agent: agent, current }) => (
                <>
                  {describeBrowser(agent)} {current && <Badge tone="good">{texts.account.thisOne}</Badge>}
                </>
              ),
            },
            { title: texts.account.from, cell: ({ address }) => address },
            { title: texts.account.lastUsed, cell: ({ last_used_at: at }) => <Moment at={at} /> },
            { title: texts.account.ends, cell: ({ expires_at: at }) => <Moment at={at} /> },
            {
              isAtEnd: true,
              cell: (one) => (
                <ActionButton action={() => end(one)}>
                  {one.current ? texts.shell.logOut : texts.account.end}
                </ActionButton>
              ),
            },
          ]}
        />
      )}
    </ShownList>
  );
}

const BROWSERS = ['Edg', 'OPR', 'Firefox', 'Chrome', 'Safari'];
const SYSTEMS = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac OS', 'Linux'];

/** “Firefox on Windows”, as far as the user agent says so. */
function describeBrowser(agent: string | null): string {
  const find = (names: readonly string[]): string | undefined => names.find((name) => agent?.includes(name));
  const browser = find(BROWSERS)?.replace('Edg', 'Edge').replace('OPR', 'Opera');
  const system = find(SYSTEMS)?.replace('Mac OS', 'macOS');
  return browser === undefined || system === undefined
    ? texts.account.unknownBrowser
    : texts.account.browserOn(browser, system);
}
