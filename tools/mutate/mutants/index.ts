// All mutants. A new limit, check or fence of these folders gets one here, with the spec that holds it.
import { CLI_MUTANTS } from './cli-mutants.ts';
import { GATEWAY_MUTANTS } from './gateway-mutants.ts';
import { RTMP_MUTANTS } from './rtmp-mutants.ts';
import { STREAM_MUTANTS } from './stream-mutants.ts';
import { TURN_MUTANTS } from './turn-mutants.ts';
import type { Mutant } from '../mutant.ts';

export const MUTANTS: readonly Mutant[] = [
  ...RTMP_MUTANTS,
  ...GATEWAY_MUTANTS,
  ...TURN_MUTANTS,
  ...STREAM_MUTANTS,
  ...CLI_MUTANTS,
];
