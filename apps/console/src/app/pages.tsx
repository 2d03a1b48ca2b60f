// Which page is at which path.
import type { ComponentType, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { AccountPage } from './account/account-page.tsx';
import { ApiKeysPage } from './api-keys/api-keys-page.tsx';
import { AuditPage } from './audit/audit-page.tsx';
import { DataPage } from './data/data-page.tsx';
import { EventsPage } from './events/events-page.tsx';
import { PlaybackPage } from './playback/playback-page.tsx';
import { RoomPage } from './rooms/room-page.tsx';
import { RoomsPage } from './rooms/rooms-page.tsx';
import { matchPath, navigate, usePath } from './routing.tsx';
import type { PathValues } from './routing.tsx';
import { useSession } from './session-context.tsx';
import { mayOpen, placeOf } from './shell/places.ts';
import { SessionPage } from './streams/session-page.tsx';
import { StreamPage } from './streams/stream-page.tsx';
import { StreamsPage } from './streams/streams-page.tsx';
import { TenantsPage } from './tenants/tenants-page.tsx';
import { texts } from './texts.ts';
import { UsagePage } from './usage/usage-page.tsx';
import { UsersPage } from './users/users-page.tsx';
import { Button } from './ui/button.tsx';
import { EmptyState } from './ui/empty-state.tsx';
import { PageHead } from './ui/page-head.tsx';
import { WebhookPage } from './webhooks/webhook-page.tsx';
import { WebhooksPage } from './webhooks/webhooks-page.tsx';

export interface PageProps {
  /** The values of the path's pattern. */
  readonly values: PathValues;
}

const ROUTES: readonly (readonly [pattern: string, page: ComponentType<PageProps>])[] = [
  ['/streams', StreamsPage],
  ['/streams/:id', StreamPage],
  ['/streams/:id/sessions/:session_id', SessionPage],
  ['/playback', PlaybackPage],
  ['/rooms', RoomsPage],
  ['/rooms/:id', RoomPage],
  ['/events', EventsPage],
  ['/webhooks', WebhooksPage],
  ['/webhooks/:id', WebhookPage],
  ['/api-keys', ApiKeysPage],
  ['/users', UsersPage],
  ['/usage', UsagePage],
  ['/audit', AuditPage],
  ['/data', DataPage],
  ['/tenants', TenantsPage],
  ['/account', AccountPage],
];
const FIRST = '/streams';

export function Pages(): JSX.Element | null {
  const path = usePath();
  const view = useSession();
  useEffect(() => {
    if (path === '/') navigate(FIRST, { replace: true });
    scrollTo(0, 0);
  }, [path]);
  if (path === '/') return null;
  const place = placeOf(path);
  if (place !== undefined && !mayOpen(place, view)) return <NotAllowedPage title={place.title} />;
  for (const [pattern, Page] of ROUTES) {
    const values = matchPath(pattern, path);
    if (values !== undefined) return <Page key={path} values={values} />;
  }
  return <NotFoundPage />;
}

const NotAllowedPage = ({ title }: { readonly title: string }): JSX.Element => (
  <>
    <PageHead title={title} />
    <EmptyState icon="account" headline={texts.notAllowed.headline} explanation={texts.notAllowed.explanation}>
      <Button kind="primary" onClick={() => navigate(FIRST)}>
        {texts.notFound.action}
      </Button>
    </EmptyState>
  </>
);

const NotFoundPage = (): JSX.Element => (
  <>
    <PageHead title={texts.notFound.title} />
    <EmptyState icon="warning" headline={texts.notFound.headline} explanation={texts.notFound.explanation}>
      <Button kind="primary" onClick={() => navigate(FIRST)}>
        {texts.notFound.action}
      </Button>
    </EmptyState>
  </>
);
