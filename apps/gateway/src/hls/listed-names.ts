// The names of segments that a stream's playlist lists, and those that it listed lately.

/** A name stays known until this many times what the playlist lists has come after it: segments stay readable as long. */
const KEPT_LISTS = 3;

export class ListedNames {
  /** The oldest first. */
  private readonly names = new Set<string>();
  private text: string | undefined;

  /** @param text of the playlist now; undefined when there is none */
  has(name: string, text: string | undefined): boolean {
    if (text !== undefined && text !== this.text) this.add(text);
    return this.names.has(name);
  }

  private add(text: string): void {
    this.text = text;
    const listed = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    for (const name of listed) this.names.add(name);
    for (const oldest of this.names) {
      if (this.names.size <= listed.length * KEPT_LISTS) return;
      this.names.delete(oldest);
    }
  }
}
