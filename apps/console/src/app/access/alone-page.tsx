import type { ComponentChildren, JSX } from 'preact';
import { texts } from '../texts.ts';

interface AlonePageProps {
  readonly title: string;
  readonly lead: string;
  readonly children: ComponentChildren;
}

/** A page without the navigation, for a person who is not logged in. */
export const AlonePage = ({ title, lead, children }: AlonePageProps): JSX.Element => (
  <main class="alone">
    <div class="alone-card">
      <p class="brand">
        <img src="/assets/console/icon.svg" alt="" width="32" height="32" />
        {texts.common.product}
      </p>
      <h1>{title}</h1>
      <p class="lead">{lead}</p>
      {children}
    </div>
  </main>
);
