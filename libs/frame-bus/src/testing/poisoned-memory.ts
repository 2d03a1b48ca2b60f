// Memory that is spoilt as soon as it is freed: what reads it all the same gets other bytes than were sent.
import type { PayloadMemory } from '../frame-bus.ts';

const POISON = 0xa5;

export class PoisonedMemory implements PayloadMemory {
  readonly kept = new Set<Uint8Array>();
  readonly freed: Uint8Array[] = [];

  keep(payload: Uint8Array): void {
    if (this.kept.has(payload)) throw new Error('the same payload was kept twice');
    this.kept.add(payload);
  }

  free(payload: Uint8Array): void {
    if (!this.kept.delete(payload)) throw new Error('a payload was freed that was not kept, or freed before');
    payload.fill(POISON);
    this.freed.push(payload);
  }
}
