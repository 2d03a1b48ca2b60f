// A named fault, put into one file of the sources: the tests named with it have to notice it.

export interface Mutant {
  readonly name: string;
  /** Path below the root, as the two others are. */
  readonly file: string;
  /** Occurs once in the file. */
  readonly find: string;
  readonly replace: string;
  /** The spec files of which at least one must fail. */
  readonly specs: readonly string[];
}

/** A mutant that nothing notices, and why that is accepted. */
export interface Survivor {
  readonly name: string;
  readonly reason: string;
}

/** The table of mutants is wrong, or no longer fits the sources. */
export class MutantError extends Error {
  constructor(mutant: Pick<Mutant, 'name'>, problem: string) {
    super(`${mutant.name}: ${problem}`);
    this.name = 'MutantError';
  }
}

/** @throws MutantError when the text to find is not there exactly once, or the replacement changes nothing */
export function applyMutant(mutant: Mutant, source: string): string {
  const parts = source.split(mutant.find);
  const [before, after] = parts;
  if (before === undefined || after === undefined || parts.length !== 2)
    throw new MutantError(mutant, `${mutant.file} has its text ${parts.length - 1} times, not once`);
  if (mutant.find === mutant.replace) throw new MutantError(mutant, 'the replacement changes nothing');
  return before + mutant.replace + after;
}
