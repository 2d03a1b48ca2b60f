// Variables that begin like a setting of Millrace and are none: most often a typing mistake, which would otherwise pass in silence.
import type { Logger } from '../logging/logger.ts';
import { KNOWN_VARIABLES } from './known-variables.ts';
import type { Environment } from './secret-text.ts';

const PREFIX = 'MILLRACE_';
/** Kubernetes describes each Service of a namespace in variables named after it. */
const INJECTED = /_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;
/** `MILLRACE_TURN_PORT=tcp://10.0.0.7:3478`: the short form of the same. */
const INJECTED_VALUE = /^(tcp|udp|sctp):\/\//;
/** A name that differs in more than this share of its characters is another name, not a misspelling. */
const MAX_DIFFERENCE = 1 / 3;

export interface UnknownVariable {
  readonly variable: string;
  /** The setting that was probably meant. */
  readonly nearest: string | undefined;
}

/** @returns each variable that no service of Millrace reads, with the known one that is closest to it */
export function unknownVariables(env: Environment): UnknownVariable[] {
  const known = new Set(KNOWN_VARIABLES);
  return Object.entries(env)
    .filter(([name, value]) => name.startsWith(PREFIX) && !known.has(name) && !isInjected(name, value ?? ''))
    .map(([variable]) => ({ variable, nearest: nearestTo(variable) }));
}

/** A warning for each `MILLRACE_` variable that nothing reads. Its value is not logged: it may be a secret. */
export function warnOfUnknownVariables(env: Environment, logger: Logger): void {
  for (const { variable, nearest } of unknownVariables(env)) {
    const advice = nearest === undefined ? '' : `; did you mean ${nearest}?`;
    logger.warn({ variable }, `unknown setting ${variable}, ignored${advice}`);
  }
}

const isInjected = (name: string, value: string): boolean =>
  INJECTED.test(name) || (name.endsWith('_PORT') && INJECTED_VALUE.test(value));

function nearestTo(name: string): string | undefined {
  let nearest: string | undefined;
  let least = Math.floor((name.length - PREFIX.length) * MAX_DIFFERENCE) + 1;
  for (const candidate of KNOWN_VARIABLES) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const distance = editDistance(name, candidate);
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  return nearest;
}

/** How many characters have to be added, dropped, replaced, or swapped with their neighbour. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(previous[j]! + 1, row[j - 1]! + 1, replaced);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, beforePrevious[j - 2]! + 1);
      row.push(best);
    }
    [beforePrevious, previous] = [previous, row];
  }
  return previous[b.length]!;
}
