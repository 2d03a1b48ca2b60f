import type { JSX } from 'preact';
import type { PublishSession } from '../api/resources.ts';
import { texts } from '../texts.ts';
import { Badge } from '../ui/badge.tsx';
import type { BadgeTone } from '../ui/badge.tsx';

const TONES: Readonly<Record<PublishSession['status'], BadgeTone>> = {
  live: 'live',
  reconnecting: 'warning',
  ended: 'neutral',
};

export const SessionBadge = ({ state }: { readonly state: PublishSession['status'] }): JSX.Element => (
  <Badge tone={TONES[state]}>{texts.sessions.states[state]}</Badge>
);
