import type { JSX } from 'preact';
import type { StreamState } from '../api/resources.ts';
import { texts } from '../texts.ts';
import { Badge } from '../ui/badge.tsx';
import type { BadgeTone } from '../ui/badge.tsx';

const TONES: Readonly<Record<StreamState, BadgeTone>> = {
  idle: 'neutral',
  connected: 'warning',
  active: 'live',
  reconnecting: 'warning',
  disabled: 'neutral',
  unknown: 'warning',
};

export const StateBadge = ({ state }: { readonly state: StreamState }): JSX.Element => (
  <Badge tone={TONES[state]}>{texts.streams.states[state]}</Badge>
);
