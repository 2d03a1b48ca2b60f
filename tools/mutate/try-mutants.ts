// Tries mutants one after another, and compares what became of them with the list of known survivors.
import { MutantError } from './mutant.ts';
import type { Mutant, Survivor } from './mutant.ts';
import type { SpecOutcome } from './run-specs.ts';

export type Fate =
  /** A test failed, as it should. */
  | 'killed'
  /** No test noticed it. */
  | 'survived'
  /** No test noticed it, and the list of survivors says why. */
  | 'known survivor'
  /** The list of survivors has it, and a test fails: the entry has to go. */
  | 'no survivor any more'
  /** It could not be tried. */
  | 'error';

export interface Trial {
  readonly name: string;
  readonly fate: Fate;
  /** The test that failed, the reason why it may survive, or what is wrong. */
  readonly detail: string;
}

export interface TrialOptions {
  readonly survivors: readonly Survivor[];
  readonly runSpecs: (specs: readonly string[], mutant?: Mutant) => Promise<SpecOutcome>;
  readonly onTrial: (trial: Trial) => void;
}

export const isFailure = ({ fate }: Trial): boolean => fate !== 'killed' && fate !== 'known survivor';

/**
 * Every spec file runs once without a mutant before: a test that fails anyway would kill everything.
 *
 * @throws MutantError when one does
 */
export async function tryMutants(mutants: readonly Mutant[], options: TrialOptions): Promise<readonly Trial[]> {
  const { failures } = await options.runSpecs([...new Set(mutants.flatMap(({ specs }) => specs))].toSorted());
  if (failures.length > 0)
    throw new MutantError({ name: 'without any mutant' }, `a test fails already: ${failures.join(', ')}`);
  const trials: Trial[] = [];
  for (const mutant of mutants) {
    const trial = await tryMutant(mutant, options);
    options.onTrial(trial);
    trials.push(trial);
  }
  return trials;
}

async function tryMutant(mutant: Mutant, { survivors, runSpecs }: TrialOptions): Promise<Trial> {
  const { name, specs } = mutant;
  const known = survivors.find((survivor) => survivor.name === name);
  try {
    const [failure] = (await runSpecs(specs, mutant)).failures;
    if (failure !== undefined) return { name, fate: known ? 'no survivor any more' : 'killed', detail: failure };
  } catch (error) {
    if (!(error instanceof MutantError)) throw error;
    return { name, fate: 'error', detail: error.message };
  }
  return known
    ? { name, fate: 'known survivor', detail: known.reason }
    : { name, fate: 'survived', detail: `no test fails in ${specs.join(', ')}` };
}
