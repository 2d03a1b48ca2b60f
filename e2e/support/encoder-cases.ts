// The table of e2e/cases/rtmp/README.md: which file, and what must come out of it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../cases/rtmp');

export interface EncoderCase {
  readonly file: string;
  readonly path: string;
  readonly picturesIn: number;
  readonly picturesOut: number;
  readonly soundIn: number;
  readonly soundOut: number;
  /** Frames of silence in place of sound that pauses. */
  readonly silence: number;
  readonly discontinuities: number;
  /** Codes, sorted. */
  readonly warnings: readonly string[];
  /** How far presentation times may be off. */
  readonly toleranceMs: number;
}

export function readEncoderCases(): EncoderCase[] {
  const rows = readFileSync(join(FOLDER, 'README.md'), 'utf8').matchAll(/^\| `(\w+\.flv)` .*$/gm);
  return Array.from(rows, ([row, file = '']) => readRow(file, row));
}

function readRow(file: string, row: string): EncoderCase {
  const cells = row.split('|').map((cell) => cell.trim());
  const [, , , pictures = '', sound = '', discontinuities, warnings = '', times = ''] = cells;
  const [picturesIn = NaN, picturesOut = NaN] = pictures.split('/').map(Number);
  const [soundIn = NaN, soundOut = NaN, silence = 0] = sound.split(/[/+]/).map(Number);
  return {
    file,
    path: join(FOLDER, file),
    picturesIn,
    picturesOut,
    soundIn,
    soundOut,
    silence,
    discontinuities: Number(discontinuities),
    warnings: warnings === '–' ? [] : warnings.split(',').map((code) => code.trim().replaceAll('`', '')),
    toleranceMs: Number.parseFloat(times),
  };
}
