import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { applyMutant, MutantError } from './mutant.ts';
import { MUTANTS } from './mutants/index.ts';
import { SURVIVORS } from './survivors.ts';
import { isFailure, tryMutants } from './try-mutants.ts';
import type { Trial } from './try-mutants.ts';

const root = resolve(import.meta.dirname, '../..');

/** Each of these was once removed with every test still passing. */
const REQUIRED = [
  'rtmp-unsent-bytes-unlimited',
  'rtmp-decodes-after-close',
  'playback-lookups-unlimited',
  'segment-reads-unlimited',
  'viewers-unlimited',
  'key-is-not-looked-at-again-after-the-claim',
];

describe('the mutants', () => {
  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))('%s fits the sources', (_, mutant) => {
    const source = readFileSync(join(root, mutant.file), 'utf8');
    expect(applyMutant(mutant, source)).not.toBe(source);
    expect(mutant.specs.length).toBeGreaterThan(0);
    for (const spec of mutant.specs) expect(existsSync(join(root, spec)), spec).toBe(true);
  });

  it('have names of their own, and those that must be killed are among them, and no survivors', () => {
    const names = MUTANTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(REQUIRED));
    const survivors = SURVIVORS.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(survivors));
    expect(survivors.filter((name) => REQUIRED.includes(name))).toEqual([]);
    expect(SURVIVORS.filter(({ reason }) => reason.length < 20)).toEqual([]);
  });
});

describe('the runner', () => {
  it('tells killed mutants from those that nothing notices, and from those that do not fit', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'tools/mutate/testing/try-samples.ts')]);
    const trials = JSON.parse(stdout) as Trial[];
    expect(Object.fromEntries(trials.map(({ name, fate }) => [name, fate]))).toEqual({
      wrong: 'killed',
      unchecked: 'survived',
      'unchecked-and-known': 'known survivor',
      'wrong-and-known': 'no survivor any more',
      'text-is-gone': 'error',
      'text-is-there-twice': 'error',
      'no-module-any-more': 'error',
      'file-is-not-loaded': 'error',
      'spec-is-gone': 'error',
    });
    expect(trials.filter((trial) => !isFailure(trial)).map(({ name }) => name)).toEqual([
      'wrong',
      'unchecked-and-known',
    ]);
    expect(trials[0]?.detail).toBe('divides');
    expect(readFileSync(join(root, 'tools/mutate/testing/divide.ts'), 'utf8')).toContain('dividend / divisor');
  });

  it('tries nothing where a test fails without any mutant', async () => {
    const runSpecs = async () => ({ failures: ['a test that fails anyway'] });
    const tried = tryMutants(MUTANTS, { survivors: [], runSpecs, onTrial: () => undefined });
    await expect(tried).rejects.toThrow(MutantError);
  });
});
