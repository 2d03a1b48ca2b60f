// A secret from standard input: typed unseen on a terminal, or piped.
import type { Readable } from 'node:stream';
import type { CliEnvironment } from '../command-line/command.ts';
import { usageError } from '../command-line/cli-error.ts';

const MAX_LENGTH = 4_096;
const CTRL_C = '\u0003';
const BACKSPACES = ['\u007f', '\b'];

type RawInput = Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };

/** @throws CliError when there is none, or the user gives up */
export async function readSecret({ stdin, stderr }: CliEnvironment, prompt: string): Promise<string> {
  const input: RawInput = stdin;
  const secret = input.isTTY === true ? await typed(input, () => stderr.write(prompt)) : await piped(input);
  if (input.isTTY === true) stderr.write('\n');
  if (secret === '') throw usageError('nothing was given', 'Type or paste it, or pipe it: millrace … < FILE.');
  return secret;
}

async function piped(input: Readable): Promise<string> {
  let text = '';
  for await (const piece of input) {
    text += String(piece);
    if (text.length > MAX_LENGTH) throw usageError('standard input is too long for a key or a passphrase');
  }
  return text.trim();
}

/** Without an echo. */
async function typed(input: RawInput, ask: () => void): Promise<string> {
  ask();
  input.setRawMode?.(true);
  input.resume();
  try {
    let text = '';
    for await (const piece of input) {
      for (const character of String(piece)) {
        if (character === '\r' || character === '\n') return text.trim();
        if (character === CTRL_C) throw usageError('given up');
        text = BACKSPACES.includes(character) ? text.slice(0, -1) : (text + character).slice(0, MAX_LENGTH);
      }
    }
    return text.trim();
  } finally {
    input.setRawMode?.(false);
    input.pause();
  }
}
