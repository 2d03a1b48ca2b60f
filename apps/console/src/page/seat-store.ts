// What a page keeps over a reload, in the session storage of its tab: the secret that takes its place again, and the freshest token
// of the link, which the server renews while the page is in the room.
import { newRejoinSecret } from '@millrace/rooms-client';

interface Seat {
  /** The token of the link that this was kept for: another link into the same room begins anew. */
  readonly link: string;
  readonly secret: string;
  readonly token: string;
}

export type SeatStorage = Pick<Storage, 'getItem' | 'setItem'>;

const KEY = 'millrace.call.seat';

export class SeatStore {
  readonly #storage: SeatStorage | undefined;
  #seat: Seat;

  /** @param storage undefined: the browser lets this page keep nothing */
  constructor(storage: SeatStorage | undefined, link: string) {
    this.#storage = storage;
    const kept = parse(storage?.getItem(KEY));
    this.#seat = kept?.link === link ? kept : { link, secret: newRejoinSecret(), token: link };
    this.#keep();
  }

  get secret(): string {
    return this.#seat.secret;
  }

  get token(): string {
    return this.#seat.token;
  }

  renew(token: string): void {
    this.#seat = { ...this.#seat, token };
    this.#keep();
  }

  #keep(): void {
    this.#storage?.setItem(KEY, JSON.stringify(this.#seat));
  }
}

function parse(text: string | null | undefined): Seat | undefined {
  try {
    const { link, secret, token } = JSON.parse(text ?? 'null') as Partial<Record<keyof Seat, unknown>>;
    if (typeof link !== 'string' || typeof secret !== 'string' || typeof token !== 'string') return undefined;
    return { link, secret, token };
  } catch {
    // Not written by this page.
    return undefined;
  }
}

/** Browsers that block storage throw where it is asked for. */
export function tabStorage(): SeatStorage | undefined {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}
