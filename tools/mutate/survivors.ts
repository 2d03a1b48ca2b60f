// Mutants that no test notices, each with the reason why that is accepted. `npm run mutate` fails for one that is killed now.
import type { Survivor } from './mutant.ts';

export const SURVIVORS: readonly Survivor[] = [
  {
    name: 'join-token-without-end',
    reason:
      'The schema of the claims refuses a token without `exp` as well, with the same answer. The verification says it first, so that ' +
      'no change of the schema alone makes tokens endless.',
  },
];
