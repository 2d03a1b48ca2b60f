// Mutants that no test notices, each with the reason why that is accepted. `npm run mutate` fails for one that is killed now.
import type { Survivor } from './mutant.ts';

export const SURVIVORS: readonly Survivor[] = [];
