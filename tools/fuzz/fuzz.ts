// Reads damaged input until the time is over; the first fault ends it.
import type { FuzzTarget } from './fuzz-target.ts';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';

const SLOW_MS = 1_000;
const ROUNDS_PER_CLOCK = 64;

export interface FuzzFault {
  readonly input: Buffer;
  readonly error: unknown;
}

export interface FuzzResult {
  readonly inputs: number;
  /** How many were read without any complaint. */
  readonly accepted: number;
  readonly fault: FuzzFault | undefined;
}

/** What a reader says of bad input has a code and a place; what the engine or a self-check of the target throws has not. */
const isMeant = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && 'place' in error && typeof error.code === 'string';

/** Reads one input. @returns what is wrong with how it was read; true or false: whether it was accepted */
export function tryInput(target: FuzzTarget, input: Buffer): { readonly error: unknown } | boolean {
  const startedAt = performance.now();
  let accepted = true;
  try {
    target.read(input);
  } catch (error) {
    if (!isMeant(error)) return { error };
    accepted = false;
  }
  const tookMs = performance.now() - startedAt;
  return tookMs > SLOW_MS ? { error: new Error(`took ${Math.round(tookMs)} ms`) } : accepted;
}

/** @param seed the same seed gives the same inputs */
export function fuzz(target: FuzzTarget, seed: number, budgetMs: number): FuzzResult {
  const random = new Random(seed);
  const deadline = performance.now() + budgetMs;
  let inputs = 0;
  let accepted = 0;
  while (performance.now() < deadline) {
    for (let i = 0; i < ROUNDS_PER_CLOCK; i++) {
      const input = mutate(target.seeds, random);
      // A reader may keep or change what it is given: the copy stays as it was.
      const outcome = tryInput(target, Buffer.from(input));
      inputs++;
      if (typeof outcome !== 'boolean') return { inputs, accepted, fault: { input, error: outcome.error } };
      if (outcome) accepted++;
    }
  }
  return { inputs, accepted, fault: undefined };
}
