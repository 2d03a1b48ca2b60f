import type { JSX } from 'preact';
import type { Room } from '../api/resources.ts';
import { texts } from '../texts.ts';
import { Badge } from '../ui/badge.tsx';

export const RoomBadge = ({ room: { status, locked } }: { readonly room: Room }): JSX.Element => (
  <>
    <Badge tone={status === 'active' ? 'live' : 'neutral'}>{texts.rooms.states[status]}</Badge>
    {locked && status !== 'ended' && <Badge tone="warning">{texts.rooms.locked}</Badge>}
  </>
);
