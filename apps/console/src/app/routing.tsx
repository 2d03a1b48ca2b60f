// Which page an address means. The History API is all that is needed: a list of patterns and a link that does not reload.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

export const BASE = '/console';

export type PathValues = Readonly<Record<string, string>>;

/** The values of a pattern such as `/streams/:id`, or undefined where the path is not of this pattern. */
export function matchPath(pattern: string, path: string): PathValues | undefined {
  const wanted = pattern.split('/').filter(Boolean);
  const given = path.split('/').filter(Boolean);
  if (wanted.length !== given.length) return undefined;
  const values: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = given[i] ?? '';
    if (part.startsWith(':')) values[part.slice(1)] = decodeURIComponent(value);
    else if (part !== value) return undefined;
  }
  return values;
}

/** The path below the console's own. */
export const pathBelowBase = (pathname: string): string =>
  pathname.startsWith(BASE) ? pathname.slice(BASE.length) || '/' : '/';

const MOVED = 'console:moved';

export function navigate(path: string, { replace = false } = {}): void {
  history[replace ? 'replaceState' : 'pushState']({}, '', BASE + path);
  dispatchEvent(new Event(MOVED));
}

/** The path below the console's own, kept true. */
export function usePath(): string {
  const [path, setPath] = useState(() => pathBelowBase(location.pathname));
  useEffect(() => {
    const read = (): void => setPath(pathBelowBase(location.pathname));
    addEventListener('popstate', read);
    addEventListener(MOVED, read);
    return () => {
      removeEventListener('popstate', read);
      removeEventListener(MOVED, read);
    };
  }, []);
  return path;
}

interface LinkProps {
  readonly to: string;
  readonly class?: string;
  readonly children: ComponentChildren;
  readonly isCurrent?: boolean;
}

/** A link to a page of the console; with a modifier key it opens in another tab, as every link. */
export function Link({ to, class: className, children, isCurrent = false }: LinkProps): JSX.Element {
  const go = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a href={BASE + to} class={className} onClick={go} aria-current={isCurrent ? 'page' : undefined}>
      {children}
    </a>
  );
}
