// Light or dark: what the system says, until the person chooses.
import { useState } from 'preact/hooks';

export const THEMES = ['system', 'light', 'dark'] as const;
export type ColorTheme = (typeof THEMES)[number];

const STORED_AS = 'millrace.console.theme';

const isTheme = (text: string | null): text is ColorTheme => THEMES.includes(text as ColorTheme);

function storedTheme(): ColorTheme {
  const stored = localStorage.getItem(STORED_AS);
  return isTheme(stored) ? stored : 'system';
}

function apply(theme: ColorTheme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

/** Call before the first page is drawn. */
export const applyStoredTheme = (): void => apply(storedTheme());

export function useTheme(): readonly [ColorTheme, (theme: ColorTheme) => void] {
  const [theme, setTheme] = useState(storedTheme);
  const choose = (chosen: ColorTheme): void => {
    localStorage.setItem(STORED_AS, chosen);
    apply(chosen);
    setTheme(chosen);
  };
  return [theme, choose];
}
