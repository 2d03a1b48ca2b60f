// Which part of the call page is shown, and the lines shown above it.
import { element } from '../page/element.ts';
import type { Notice } from '../page/refusal-words.ts';

export type CallState = 'lobby' | 'joining' | 'call' | 'ended';

const NOTICE_MS = 8_000;

export class CallView {
  #noticeTimer: ReturnType<typeof setTimeout> | undefined;

  enter(state: CallState): void {
    document.body.dataset['state'] = state;
    element('call').hidden = state !== 'call' && state !== 'joining';
    element('ended').hidden = state !== 'ended';
    if (state !== 'call') this.setBanner('');
  }

  setRoomName(name: string): void {
    element('room-name').textContent = name;
    document.title = name === '' ? 'Call · Millrace' : `${name} · Millrace`;
  }

  /** A state that lasts: the connection is away. */
  setBanner(text: string): void {
    const banner = element('banner');
    banner.textContent = text;
    banner.hidden = text === '';
  }

  /** Something that has happened. */
  notify(text: string): void {
    if (text === '') return;
    element('notice').textContent = text;
    clearTimeout(this.#noticeTimer);
    this.#noticeTimer = setTimeout(() => (element('notice').textContent = ''), NOTICE_MS);
  }

  showEnd({ headline, explanation }: Notice, canRetry: boolean): void {
    element('end-headline').textContent = headline;
    element('end-explanation').textContent = explanation;
    element('again').hidden = !canRetry;
    this.enter('ended');
    element(canRetry ? 'again' : 'end-headline').focus();
  }
}
