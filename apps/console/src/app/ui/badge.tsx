import type { JSX } from 'preact';

export type BadgeTone = 'live' | 'good' | 'warning' | 'danger' | 'neutral';

export const Badge = ({ tone, children }: { readonly tone: BadgeTone; readonly children: string }): JSX.Element => (
  <span class={`badge ${tone}`}>{children}</span>
);
