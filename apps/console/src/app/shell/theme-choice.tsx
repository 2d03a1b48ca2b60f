import type { JSX } from 'preact';
import { texts } from '../texts.ts';
import { Icon } from '../ui/icon.tsx';
import type { IconName } from '../ui/icon.tsx';
import { THEMES, useTheme } from './theme.ts';
import type { ColorTheme } from './theme.ts';

const ICONS = { system: 'system', light: 'sun', dark: 'moon' } as const satisfies Record<ColorTheme, IconName>;

export function ThemeChoice(): JSX.Element {
  const [theme, choose] = useTheme();
  return (
    <fieldset class="tabs theme">
      <legend class="unseen">{texts.shell.theme}</legend>
      {THEMES.map((option) => (
        <label key={option} title={texts.shell.themes[option]}>
          <input type="radio" name="theme" checked={option === theme} onChange={() => choose(option)} />
          <span>
            <Icon name={ICONS[option]} />
            <span class="unseen">{texts.shell.themes[option]}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
