import { describe, expect, it } from 'vitest';
import { parseCommandLine } from './command-line-options.ts';

describe('the command line', () => {
  it('may be empty', () => expect(parseCommandLine([])).toEqual({ help: false, demo: false }));
  it('takes --demo', () => expect(parseCommandLine(['--demo'])).toEqual({ help: false, demo: true }));
  it.each(['-h', '--help'])('takes %s', (option) => expect(parseCommandLine([option]).help).toBe(true));
  it('refuses what it does not know, and says what there is', () => {
    expect(() => parseCommandLine(['--dmeo'])).toThrow(/"--dmeo"[^]*--demo/);
  });
});
