// What the navigation leads to.
import type { SessionView } from '../session-context.tsx';
import { texts } from '../texts.ts';
import type { IconName } from '../ui/icon.tsx';

interface Place {
  readonly to: string;
  readonly title: string;
  readonly icon: IconName;
  /** What it takes to see anything there. */
  readonly scope: string;
}

export const PLACES: readonly Place[] = [
  { to: '/streams', title: texts.streams.title, icon: 'streams', scope: 'live_streams:read' },
  { to: '/playback', title: texts.signedPlayback.title, icon: 'playback', scope: 'playback:read' },
  { to: '/rooms', title: texts.rooms.title, icon: 'rooms', scope: 'rooms:read' },
  { to: '/events', title: texts.events.title, icon: 'events', scope: 'events:read' },
  { to: '/webhooks', title: texts.webhooks.title, icon: 'webhooks', scope: 'webhooks:read' },
  { to: '/api-keys', title: texts.apiKeys.title, icon: 'keys', scope: 'api_keys:read' },
  { to: '/users', title: texts.users.title, icon: 'users', scope: 'users:read' },
  { to: '/usage', title: texts.usage.title, icon: 'usage', scope: 'usage:read' },
  { to: '/audit', title: texts.audit.title, icon: 'audit', scope: 'audit:read' },
  { to: '/data', title: texts.data.title, icon: 'data', scope: '*' },
  { to: '/tenants', title: texts.tenants.title, icon: 'tenants', scope: 'operator' },
];

/** The place that a path belongs to. undefined: one that is open to everyone, or none. */
export const placeOf = (path: string): Place | undefined =>
  PLACES.find(({ to }) => path === to || path.startsWith(`${to}/`));

export const mayOpen = ({ scope }: Place, { may, isOperator }: Pick<SessionView, 'may' | 'isOperator'>): boolean =>
  scope === 'operator' ? isOperator : may(scope);
