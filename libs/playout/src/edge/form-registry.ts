// The forms of the streams that are played here, for protocols whose bytes depend on the stream: one for each, as long as it has players,
// and a little longer.
import type { SeenTracks, WireForm } from '../live/wire-form.ts';

/** A form without players is kept for this long: frames that were written in it are still in the newest group. */
const LINGER_MS = 10_000;

/** A form that players are told of before they begin. */
export interface DescribedForm extends WireForm {
  /** Called once, when what players were told does not hold any more. */
  onOutdated: (() => void) | undefined;
  /** Whether these tracks would be described and sent alike. */
  describes(seen: SeenTracks): boolean;
}

interface Held<Form> {
  readonly form: Form;
  /** Called for each holder when players have to be told anew. */
  readonly holders: Set<() => void>;
  lingering: NodeJS.Timeout | undefined;
}

export class FormRegistry<Form extends DescribedForm> {
  readonly #make: (seen: SeenTracks) => Form;
  readonly #forms = new Map<string, Held<Form>[]>();

  constructor(make: (seen: SeenTracks) => Form) {
    this.#make = make;
  }

  /** @param onOutdated called once, when the description does not hold any more. @returns the form, and what releases it */
  take(streamId: string, seen: SeenTracks, onOutdated: () => void): { form: Form; release: () => void } {
    const known = this.#forms.get(streamId) ?? [];
    this.#forms.set(streamId, known);
    const held = known.find(({ form }) => form.describes(seen)) ?? this.#add(streamId, known, seen);
    clearTimeout(held.lingering);
    held.holders.add(onOutdated);
    return {
      form: held.form,
      release: () => {
        if (!held.holders.delete(onOutdated) || held.holders.size > 0) return;
        held.lingering = setTimeout(() => this.#remove(streamId, held), LINGER_MS).unref();
      },
    };
  }

  #add(streamId: string, known: Held<Form>[], seen: SeenTracks): Held<Form> {
    const held: Held<Form> = { form: this.#make(seen), holders: new Set(), lingering: undefined };
    held.form.onOutdated = () => {
      this.#remove(streamId, held);
      for (const onOutdated of [...held.holders]) onOutdated();
    };
    known.push(held);
    return held;
  }

  #remove(streamId: string, held: Held<Form>): void {
    const left = (this.#forms.get(streamId) ?? []).filter((other) => other !== held);
    if (left.length > 0) this.#forms.set(streamId, left);
    else this.#forms.delete(streamId);
  }
}
