import { describe, expect, it } from 'vitest';
import { chooseIdentity, runAs } from './run-as.ts';

const root = { root: true, setpriv: true, userNamespace: true };
const container = { ...root, userNamespace: false };
const user = { root: false, setpriv: true, userNamespace: false };
const mac = { root: false, setpriv: false, userNamespace: false };

describe('chooseIdentity', () => {
  it.each([
    ['an ordinary user is who runs it', user, undefined, { kind: 'own' }],
    ['root makes a namespace, and keeps the files', root, undefined, { kind: 'namespace' }],
    ['root goes on with files of its own', root, 0, { kind: 'namespace' }],
    ['root goes on with files of another user as that user', root, 1000, { kind: 'user', uid: 1000 }],
    ['root becomes `nobody` where it may not make a namespace', container, undefined, { kind: 'user', uid: 65534 }],
    ['root gives up where nothing works', { ...container, setpriv: false }, undefined, undefined],
  ])('%s', (_, can, owner, identity) => {
    expect(chooseIdentity(can, owner)).toEqual(identity);
  });
});

describe('runAs', () => {
  it.each([
    [mac, { kind: 'own' }, 'postgres -D data'],
    [user, { kind: 'own' }, 'setpriv --pdeathsig INT postgres -D data'],
    [
      root,
      { kind: 'namespace' },
      'unshare --user --map-user=65534 --map-group=65534 setpriv --pdeathsig INT postgres -D data',
    ],
    [root, { kind: 'user', uid: 70 }, 'setpriv --pdeathsig INT --reuid 70 --regid 70 --clear-groups postgres -D data'],
  ] as const)('%j %j', (can, identity, line) => {
    const { command, args } = runAs(can, identity, 'postgres', ['-D', 'data']);
    expect([command, ...args].join(' ')).toBe(line);
  });
});
