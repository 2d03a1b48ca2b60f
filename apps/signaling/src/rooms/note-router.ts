// Passes on what the store has put into mailboxes: here at once, to other pods over the bus, one note for each.
import type { RoomBus, RoomNote } from '@millrace/control';
import type { Delivery, Departure } from '@millrace/live-store';
import type { SeatRegistry } from './seat-registry.ts';

/** A note stays far below the megabyte that NATS takes. */
const MAX_NOTE_LENGTH = 256 * 1_024;

export class NoteRouter {
  readonly #podId: string;
  readonly #bus: RoomBus;
  readonly #seats: SeatRegistry;

  constructor(podId: string, bus: RoomBus, seats: SeatRegistry) {
    this.#podId = podId;
    this.#bus = bus;
    this.#seats = seats;
  }

  pass(deliveries: readonly Delivery[]): void {
    const notes = new Map<string, NoteBuilder>();
    for (const { podId, participantId, sequence, news } of deliveries) {
      if (podId === this.#podId) {
        this.#seats.push(participantId, { sequence, news });
        continue;
      }
      const note = notes.get(podId) ?? new NoteBuilder((built) => this.#bus.tell(podId, built));
      notes.set(podId, note);
      note.add(participantId, sequence, news);
    }
    for (const note of notes.values()) note.send();
  }

  /** Tells the pods of those who are out. */
  passDepartures(departures: readonly Departure[]): void {
    for (const { profile, podId, reason } of departures)
      this.passLoss(podId, { kind: 'out', participantId: profile.participantId, reason, term: undefined });
  }

  passLoss(podId: string | undefined, note: Extract<RoomNote, { kind: 'out' }>): void {
    if (podId === this.#podId) this.#seats.lose(note.participantId, note.reason, note.term);
    else if (podId !== undefined) this.#bus.tell(podId, note);
  }

  receive(note: RoomNote): void {
    if (note.kind === 'out') return this.#seats.lose(note.participantId, note.reason, note.term);
    for (const { participantId, sequence, news } of note.deliveries) {
      const text = note.news[news];
      if (text !== undefined) this.#seats.push(participantId, { sequence, news: text });
    }
  }
}

/** Gathers deliveries for one pod; the same news is sent once. */
class NoteBuilder {
  readonly #send: (note: RoomNote) => void;
  #indexes = new Map<string, number>();
  #deliveries: { participantId: string; sequence: number; news: number }[] = [];
  #length = 0;

  constructor(send: (note: RoomNote) => void) {
    this.#send = send;
  }

  add(participantId: string, sequence: number, news: string): void {
    let index = this.#indexes.get(news);
    if (index === undefined) {
      if (this.#length > 0 && this.#length + news.length > MAX_NOTE_LENGTH) this.send();
      index = this.#indexes.size;
      this.#indexes.set(news, index);
      this.#length += news.length;
    }
    this.#deliveries.push({ participantId, sequence, news: index });
  }

  send(): void {
    if (this.#deliveries.length > 0)
      this.#send({ kind: 'news', news: [...this.#indexes.keys()], deliveries: this.#deliveries });
    this.#indexes = new Map();
    this.#deliveries = [];
    this.#length = 0;
  }
}
