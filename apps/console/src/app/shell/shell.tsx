import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Link, usePath } from '../routing.tsx';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { Button } from '../ui/button.tsx';
import { Icon } from '../ui/icon.tsx';
import { mayOpen, PLACES, placeOf } from './places.ts';
import { TenantChoice } from './tenant-choice.tsx';
import { ThemeChoice } from './theme-choice.tsx';

/** The navigation around every page. On a phone it opens over the page. */
export function Shell({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const path = usePath();
  const view = useSession();
  const { session, isOperator, logOut } = view;
  const [isOpen, setOpen] = useState(false);
  useEffect(() => setOpen(false), [path]);
  useEffect(() => {
    const closeOnEscape = ({ key }: KeyboardEvent): void => {
      if (key === 'Escape') setOpen(false);
    };
    addEventListener('keydown', closeOnEscape);
    return () => removeEventListener('keydown', closeOnEscape);
  }, []);

  const current = placeOf(path);
  const places = PLACES.filter((place) => mayOpen(place, view));
  return (
    <div class="shell">
      <header class="top">
        <Link to="/streams" class="brand">
          <img src="/assets/console/icon.svg" alt="" width="28" height="28" />
          {texts.common.product}
        </Link>
        <button
          type="button"
          class="button quiet icon-only menu"
          aria-label={texts.shell.menu}
          aria-expanded={isOpen}
          aria-controls="navigation"
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name={isOpen ? 'close' : 'menu'} />
        </button>
      </header>
      <aside class={isOpen ? 'side open' : 'side'} id="navigation" aria-label={texts.shell.menu}>
        {isOperator && <TenantChoice />}
        <nav aria-label={texts.shell.navigation}>
          <ul>
            {places.map((place) => (
              <li key={place.to}>
                <Link to={place.to} isCurrent={place === current}>
                  <Icon name={place.icon} />
                  {place.title}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <div class="side-foot">
          <ThemeChoice />
          <div class="who">
            <Link to="/account" isCurrent={path === '/account'}>
              <strong>{session.user?.name ?? (isOperator ? texts.shell.operator : texts.shell.withKey)}</strong>
              {session.user !== null && <span class="small muted">{session.user.email}</span>}
            </Link>
            <Button kind="quiet" icon="logout" label={texts.shell.logOut} onClick={() => void logOut()} />
          </div>
        </div>
      </aside>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}
