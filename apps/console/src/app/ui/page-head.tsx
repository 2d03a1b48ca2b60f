import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Link } from '../routing.tsx';
import { texts } from '../texts.ts';
import { Icon } from './icon.tsx';

interface PageHeadProps {
  readonly title: string;
  /** One sentence about what is here. */
  readonly lead?: string;
  /** The page above this one. */
  readonly parent?: { readonly to: string; readonly title: string };
  /** Beside the title. */
  readonly state?: ComponentChildren;
  /** Buttons. */
  readonly children?: ComponentChildren;
}

export function PageHead({ title, lead, parent, state, children }: PageHeadProps): JSX.Element {
  useEffect(() => {
    document.title = texts.common.documentTitle(title);
  }, [title]);
  return (
    <header class="page-head">
      <div>
        {parent !== undefined && (
          <Link to={parent.to} class="parent">
            <Icon name="back" />
            {parent.title}
          </Link>
        )}
        <div class="title">
          <h1>{title}</h1>
          {state}
        </div>
        {lead !== undefined && <p class="lead">{lead}</p>}
      </div>
      {children !== undefined && <div class="actions">{children}</div>}
    </header>
  );
}
