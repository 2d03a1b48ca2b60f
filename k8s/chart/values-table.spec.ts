import { describe, expect, it } from 'vitest';
import { currentReadme, currentValues, valueRows, withValuesTable } from './values-table.ts';

describe('the table of values', () => {
  it('is current: else run "npm run chart-values"', () => {
    expect(currentReadme()).toBe(withValuesTable(currentReadme(), currentValues()));
  });

  it('takes defaults and the comments above them', () => {
    const rows = valueRows('# A.\na: 1\nb:\n  # C\n  # goes on.\n  c: []\n# D.\nd:\n  e: x\n');
    expect(rows).toEqual([
      { path: 'a', defaultText: '1', sentence: 'A.' },
      { path: 'b.c', defaultText: '[]', sentence: 'C goes on.' },
      { path: 'd', defaultText: '', sentence: 'D.' },
      { path: 'd.e', defaultText: '"x"', sentence: '' },
    ]);
  });
});
