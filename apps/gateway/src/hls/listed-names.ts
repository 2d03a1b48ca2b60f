// The names of segments, their parts, initialisation maps and keys that a stream's playlist lists, and those that it listed lately.

/** A name stays known until this many times what the playlist lists has come after it: segments stay readable as long. */
const KEPT_LISTS = 3;

export class ListedNames {
  /** Those that were listed last come last. */
  readonly #names = new Set<string>();
  #text: string | undefined;

  /** @param text of the playlist now; undefined when there is none */
  has(name: string, text: string | undefined): boolean {
    if (text !== undefined && text !== this.#text) this.#add(text);
    return this.#names.has(name);
  }

  #add(text: string): void {
    this.#text = text;
    const listed = text.split('\n').flatMap((line) => nameIn(line) ?? []);
    for (const name of listed) {
      // Last again: an initialisation map is listed much longer than a segment.
      this.#names.delete(name);
      this.#names.add(name);
    }
    for (const oldest of this.#names) {
      if (this.#names.size <= listed.length * KEPT_LISTS) return;
      this.#names.delete(oldest);
    }
  }
}

/** RFC 8216 sections 4.3.2.4 and 4.3.2.5: the key and the initialisation map of the segments behind this line; and parts of segments. */
const FILE = /^#EXT-X-(?:KEY|MAP|PART):(?:[^"]*,)?URI="([^"]*)"/;

function nameIn(line: string): string | undefined {
  if (line.startsWith('#')) return FILE.exec(line)?.[1];
  return line === '' ? undefined : line;
}
