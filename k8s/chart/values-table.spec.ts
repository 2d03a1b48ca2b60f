import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chartSettings, SETTINGS_FILE } from './chart-settings.ts';
import { currentReadme, currentValues, valueRows, withValuesTable } from './values-table.ts';

it('the settings that the chart knows are current: else run "npm run chart-values"', () => {
  expect(readFileSync(SETTINGS_FILE, 'utf8')).toBe(chartSettings());
});

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
