import { describe, expect, it } from 'vitest';
import { missingPackages } from './packages.mjs';

const here = { os: [process.platform], cpu: process.arch };
const a = 'node_modules/a';

describe('missingPackages', () => {
  it('finds nothing where all is as the lock file says', () => {
    const locked = { '': {}, [a]: { version: '1.0.0' }, 'node_modules/b': { version: '2.0.0', ...here } };
    expect(missingPackages(locked, locked)).toEqual([]);
  });

  it('finds what is missing and what has another version', () => {
    const locked = { [a]: { version: '1.0.0' }, 'apps/x/node_modules/b': { version: '2.0.0' } };
    expect(missingPackages(locked, {})).toEqual([a, 'apps/x/node_modules/b']);
    expect(missingPackages(locked, { ...locked, [a]: { version: '1.0.1' } })).toEqual([a]);
  });

  it('finds a workspace package that is not linked', () => {
    const locked = { 'node_modules/@millrace/x': { link: true, resolved: 'libs/x' } };
    expect(missingPackages(locked, {})).toHaveLength(1);
    expect(missingPackages(locked, locked)).toEqual([]);
  });

  it.each([
    ['another system', { os: ['aix'] }],
    ['what only a package for another platform needs', { optional: true }],
    ['this system excluded', { os: [`!${process.platform}`] }],
    ['another processor, as a text', { cpu: 'wasm32' }],
  ])('does not ask for %s', (_, where) => {
    expect(missingPackages({ [a]: { version: '1.0.0', ...where } }, {})).toEqual([]);
  });

  it('asks for what is for every system but another one', () => {
    expect(missingPackages({ [a]: { version: '1.0.0', os: ['!aix'] } }, {})).toEqual([a]);
  });
});
