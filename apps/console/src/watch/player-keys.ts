// The keys of the player, as other players have them.

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
}

export type KeyAction =
  | { readonly what: 'toggle' | 'mute' | 'fullscreen' | 'pip' }
  | { readonly what: 'seek'; readonly seconds: number }
  | { readonly what: 'volume'; readonly change: number };

const SEEK_S = 5;
const VOLUME_STEP = 0.05;

/** @param on what has the focus: a button takes Space itself, a slider the arrows */
export function actionOf(
  { key, ctrlKey, altKey, metaKey }: KeyPress,
  on: 'page' | 'button' | 'slider',
): KeyAction | undefined {
  if (ctrlKey || altKey || metaKey) return undefined;
  if (on === 'button' && key === ' ') return undefined;
  if (on === 'slider' && key.startsWith('Arrow')) return undefined;
  switch (key.length === 1 ? key.toLowerCase() : key) {
    case ' ':
    case 'k':
      return { what: 'toggle' };
    case 'm':
      return { what: 'mute' };
    case 'f':
      return { what: 'fullscreen' };
    case 'p':
      return { what: 'pip' };
    case 'ArrowLeft':
      return { what: 'seek', seconds: -SEEK_S };
    case 'ArrowRight':
      return { what: 'seek', seconds: SEEK_S };
    case 'ArrowUp':
      return { what: 'volume', change: VOLUME_STEP };
    case 'ArrowDown':
      return { what: 'volume', change: -VOLUME_STEP };
    default:
      return undefined;
  }
}
