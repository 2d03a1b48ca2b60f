import type { ComponentChildren, JSX } from 'preact';
import { Icon } from './icon.tsx';
import type { IconName } from './icon.tsx';

interface ButtonProps {
  readonly kind?: 'primary' | 'plain' | 'quiet' | 'danger';
  readonly icon?: IconName;
  /** For buttons that show an icon alone. */
  readonly label?: string;
  readonly type?: 'button' | 'submit';
  readonly isBusy?: boolean;
  readonly isDisabled?: boolean;
  readonly onClick?: () => void;
  readonly children?: ComponentChildren;
}

export function Button({
  kind = 'plain',
  icon,
  label,
  type = 'button',
  isBusy = false,
  isDisabled = false,
  onClick,
  children,
}: ButtonProps): JSX.Element {
  return (
    <button
      type={type}
      class={`button ${kind}${children === undefined ? ' icon-only' : ''}`}
      aria-label={label}
      title={label}
      aria-busy={isBusy}
      disabled={isDisabled || isBusy}
      onClick={onClick}
    >
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  );
}
