// The buttons under the call, and what they say about the state they switch.
import type { MediaSource } from '@millrace/rooms-client';
import { element } from '../page/element.ts';
import { canShareScreen } from './capture.ts';

export interface ToolbarActions {
  toggle(source: MediaSource): void;
  leave(): void;
}

const WORDS: Readonly<Record<MediaSource, { readonly on: string; readonly off: string }>> = {
  microphone: { on: 'Mute', off: 'Unmute' },
  camera: { on: 'Camera off', off: 'Camera on' },
  screen: { on: 'Stop sharing', off: 'Share screen' },
};
const SOURCES = ['microphone', 'camera', 'screen'] as const;
/** As in other call pages: with Ctrl or Cmd, so that no text is in the way. */
const KEYS: Readonly<Record<string, MediaSource>> = { d: 'microphone', e: 'camera' };

export class Toolbar {
  constructor(actions: ToolbarActions) {
    for (const source of SOURCES) button(source).addEventListener('click', () => actions.toggle(source));
    element<HTMLButtonElement>('leave').addEventListener('click', () => actions.leave());
    document.addEventListener('keydown', (event) => {
      const source = KEYS[event.key];
      if (source === undefined || !(event.ctrlKey || event.metaKey) || document.body.dataset['state'] !== 'call')
        return;
      event.preventDefault();
      actions.toggle(source);
    });
  }

  show(isOn: (source: MediaSource) => boolean, mayPublish: boolean): void {
    for (const source of SOURCES) {
      const on = isOn(source);
      button(source).dataset['on'] = String(on);
      element(`${source}-label`).textContent = on ? WORDS[source].on : WORDS[source].off;
      button(source).hidden = !mayPublish || (source === 'screen' && !canShareScreen());
    }
  }
}

const button = (source: MediaSource): HTMLButtonElement => element<HTMLButtonElement>(`${source}-button`);
