// HTML Living Standard section 9.2.6: an event stream, in pieces of any size.

export interface ServerSentEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

/** A line or an event that is longer than this is no event of this API. */
const MAX_EVENT_LENGTH = 4 * 1024 * 1024;

export class ServerSentEventParser {
  #rest = '';
  #id = '';
  #type = '';
  #data: string[] = [];
  #length = 0;

  /** Takes the next piece and returns the events that it completed. @throws RangeError when one is too long */
  push(piece: string): ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    const text = this.#rest + piece;
    // A line ends with CR LF, LF or CR; a CR at the end of a piece may be half of one.
    const ends = /\r\n|\n|\r(?!$)/g;
    let from = 0;
    for (let end = ends.exec(text); end !== null; end = ends.exec(text)) {
      this.#line(text.slice(from, end.index), events);
      from = ends.lastIndex;
    }
    this.#rest = text.slice(from);
    if (this.#rest.length + this.#length > MAX_EVENT_LENGTH) throw new RangeError('an event is too long');
    return events;
  }

  #line(line: string, events: ServerSentEvent[]): void {
    if (line === '') {
      if (this.#data.length > 0)
        events.push({ id: this.#id, type: this.#type || 'message', data: this.#data.join('\n') });
      this.#type = '';
      this.#data = [];
      this.#length = 0;
      return;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    this.#length += line.length;
    // "If the field value does not contain U+0000 NULL, then set the last event ID buffer to the field value."
    if (field === 'id' && !value.includes('\0')) this.#id = value;
    else if (field === 'event') this.#type = value;
    else if (field === 'data') this.#data.push(value);
  }
}
