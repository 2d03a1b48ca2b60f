import type { ComponentChildren, JSX } from 'preact';
import { Icon } from './icon.tsx';

interface NoticeProps {
  readonly kind: 'info' | 'good' | 'warning' | 'danger';
  readonly headline: string;
  readonly children?: ComponentChildren;
}

/** Something that the person should know, in its place on the page. */
export const Notice = ({ kind, headline, children }: NoticeProps): JSX.Element => (
  <div class={`notice ${kind}`} role={kind === 'danger' ? 'alert' : 'status'}>
    <Icon name={kind === 'info' ? 'info' : kind === 'good' ? 'check' : 'warning'} />
    <div>
      <p class="headline">{headline}</p>
      {children}
    </div>
  </div>
);
