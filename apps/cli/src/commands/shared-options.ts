// Options and questions that commands share.
import type { CliCall, CliOption } from '../command-line/command.ts';
import { usageError } from '../command-line/cli-error.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 100_000;

export const LIST_OPTIONS = {
  limit: { value: 'N', text: `At most this many, newest first; ${DEFAULT_LIMIT} by default.` },
  all: { text: 'All of them.' },
} as const satisfies Readonly<Record<string, CliOption>>;

export const limitOf = (call: CliCall): number =>
  call.flag('all') ? MAX_LIMIT : (call.number('limit', { min: 1, max: MAX_LIMIT }) ?? DEFAULT_LIMIT);

export const YES_OPTION = {
  yes: { short: 'y', text: 'Do not ask; required where standard input is not a terminal.' },
} as const satisfies Readonly<Record<string, CliOption>>;

export const STREAM_ARGUMENT = { name: 'STREAM', text: 'Name or id of a live stream.' } as const;

/** @throws CliError unless the user agrees, or has said so with --yes */
export async function confirm(call: CliCall, question: string): Promise<void> {
  if (call.flag('yes')) return;
  const { stdin, stderr, stop } = call.environment;
  if (stdin.isTTY !== true) throw usageError(`${question} Nothing was changed.`, 'Add --yes to do it.');
  stderr.write(`${question} [y/N] `);
  const answer = await new Promise<string>((resolve, reject) => {
    stop.addEventListener('abort', () => reject(stop.reason as Error), { once: true });
    stdin.once('data', (piece) => resolve(String(piece).trim().toLowerCase()));
    stdin.resume();
  });
  stdin.pause();
  if (answer !== 'y' && answer !== 'yes') throw usageError('Nothing was changed.');
}

/** A field of a request's body that an option sets. */
export interface BodyField {
  readonly field: string;
  readonly kind: 'text' | 'whole' | 'number' | 'list';
}

/** The fields whose options were given. */
export function bodyOf(call: CliCall, fields: Readonly<Record<string, BodyField>>): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const [option, { field, kind }] of Object.entries(fields)) {
    const value = valueOf(call, option, kind);
    if (value !== undefined) body[field] = value;
  }
  return body;
}

function valueOf(call: CliCall, option: string, kind: BodyField['kind']): unknown {
  switch (kind) {
    case 'text':
      return call.text(option);
    case 'list': {
      const texts = call.texts(option);
      return texts.length > 0 ? texts : undefined;
    }
    case 'whole':
    case 'number':
      return call.number(option, { whole: kind === 'whole' });
  }
}

/** @throws CliError when an update changes nothing */
export function requireChange(body: object): void {
  if (Object.keys(body).length === 0) throw usageError('nothing to change: give at least one option');
}
