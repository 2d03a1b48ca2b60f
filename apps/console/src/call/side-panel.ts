// Chat, people and figures share the side of the page: one at a time, or none.
import { element } from '../page/element.ts';

const PANELS = ['chat', 'people', 'figures'] as const;
export type PanelName = (typeof PANELS)[number];

export class SidePanel {
  #open: PanelName | undefined;

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

  get open(): PanelName | undefined {
    return this.#open;
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
      this.setUnread(0);
      element('chat-input').focus();
    }
  }

  setUnread(count: number): void {
    const badge = element('chat-unread');
    badge.hidden = count === 0;
    badge.textContent = String(count);
  }

  setChatAllowed(allowed: boolean): void {
    button('chat').hidden = !allowed;
    if (!allowed && this.#open === 'chat') this.show(undefined);
  }
}

const button = (name: PanelName): HTMLButtonElement => element<HTMLButtonElement>(`${name}-button`);
