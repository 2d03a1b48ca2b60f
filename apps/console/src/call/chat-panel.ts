// What was written in the room while this page was in it.
import type { ChatMessage } from '@millrace/rooms-client';
import { create } from '../page/element.ts';

/** Older lines go: a page that stays open for days stays small. */
const MAX_LINES = 500;
/** Below what the server takes by default, 4 KiB of UTF-8, whatever the script. */
const MAX_CHAT_LENGTH = 1_300;

export interface ChatPanelElements {
  readonly list: HTMLElement;
  readonly form: HTMLFormElement;
  readonly input: HTMLInputElement;
}

export class ChatPanel {
  readonly #elements: ChatPanelElements;

  constructor(elements: ChatPanelElements, send: (text: string) => void) {
    this.#elements = elements;
    const { form, input } = elements;
    input.maxLength = MAX_CHAT_LENGTH;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const text = input.value.trim();
      if (text === '') return;
      input.value = '';
      send(text);
    });
  }

  add(name: string, own: boolean, { text, sentAt }: ChatMessage): void {
    const { list } = this.#elements;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    const line = create('li', own ? 'own' : '');
    const time = create('time', '', formatTime(sentAt));
    time.dateTime = sentAt;
    const head = create('span', 'chat-head');
    head.append(create('b', '', name), time);
    line.append(head, create('p', '', text));
    list.append(line);
    if (list.childElementCount > MAX_LINES) list.firstElementChild?.remove();
    if (atEnd || own) list.scrollTop = list.scrollHeight;
  }
}

function formatTime(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? '' : date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}
