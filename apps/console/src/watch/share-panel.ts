// The dialog with the link and the embed code.
import { element } from '../page/element.ts';
import { embedCode } from './embed-code.ts';

export class SharePanel {
  readonly #dialog = element<HTMLDialogElement>('share-dialog');
  readonly #link = element<HTMLInputElement>('share-link');
  readonly #embed = element<HTMLTextAreaElement>('share-embed');
  readonly #copied = element('copied');

  /** @param title what the stream is called now */
  constructor(url: string, title: () => string) {
    element('share').addEventListener('click', () => {
      this.#link.value = url;
      this.#embed.value = embedCode(url, title());
      this.#copied.textContent = '';
      this.#dialog.showModal();
    });
    element('share-close').addEventListener('click', () => this.#dialog.close());
    element('copy-link').addEventListener('click', () => void this.#copy(this.#link));
    element('copy-embed').addEventListener('click', () => void this.#copy(this.#embed));
  }

  get isOpen(): boolean {
    return this.#dialog.open;
  }

  async #copy(field: HTMLInputElement | HTMLTextAreaElement): Promise<void> {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      this.#copied.textContent = 'Copied.';
    } catch {
      // Without HTTPS, or in a frame that may not: the text is selected, the keys do the rest.
      this.#copied.textContent = 'Selected: press Ctrl+C or ⌘C.';
    }
  }
}
