import type { ComponentChildren, JSX } from 'preact';
import { Icon } from './icon.tsx';
import type { IconName } from './icon.tsx';

interface EmptyStateProps {
  readonly icon: IconName;
  readonly headline: string;
  /** What would be here, and how it gets here. */
  readonly explanation: string;
  readonly children?: ComponentChildren;
}

export const EmptyState = ({ icon, headline, explanation, children }: EmptyStateProps): JSX.Element => (
  <div class="empty">
    <Icon name={icon} />
    <h2>{headline}</h2>
    <p>{explanation}</p>
    {children}
  </div>
);
