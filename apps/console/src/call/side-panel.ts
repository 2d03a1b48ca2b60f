// Chat, people and figures share the side of the page: one at a time, or none.
import { element } from '../page/element.ts';

const PANELS = ['chat', 'people', 'figures'] as const;
export type PanelName = (typeof PANELS)[number];

export class SidePanel {
  #open: PanelName | undefined;
  #unread = 0;

  constructor() {
    for (const name of PANELS)
      button(name).addEventListener('click', () => this.show(this.#open === name ? undefined : name));
    element('panel-close').addEventListener('click', () => {
      const was = this.#open;
      this.show(undefined);
      if (was !== undefined) button(was).focus();
    });
    element('panel').addEventListener('keydown', (event) => {
      if (event.key === 'Escape') element('panel-close').click();
    });
  }

  show(open: PanelName | undefined): void {
    this.#open = open;
    element('panel').hidden = open === undefined;
    for (const name of PANELS) {
      element(`${name}-panel`).hidden = name !== open;
      button(name).setAttribute('aria-expanded', String(name === open));
    }
    if (open !== undefined) element('panel-title').textContent = button(open).querySelector('span')?.textContent ?? '';
    if (open === 'chat') {
      this.#setUnread(0);
      element('chat-input').focus();
    }
  }

  /** Something was written: who looks at it sees that. */
  noteMessage(): void {
    if (this.#open !== 'chat') this.#setUnread(this.#unread + 1);
  }

  #setUnread(count: number): void {
    this.#unread = count;
    const badge = element('chat-unread');
    badge.hidden = count === 0;
    badge.textContent = String(count);
    button('chat').setAttribute('aria-label', count === 0 ? 'Chat' : `Chat, ${count} unread`);
  }

  setChatAllowed(allowed: boolean): void {
    button('chat').hidden = !allowed;
    if (!allowed && this.#open === 'chat') this.show(undefined);
  }
}

const button = (name: PanelName): HTMLButtonElement => element<HTMLButtonElement>(`${name}-button`);
