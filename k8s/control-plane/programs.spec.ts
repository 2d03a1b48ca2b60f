import { describe, expect, it } from 'vitest';
import { isNewEnough } from './programs.ts';

describe('a program of the control plane that is on the PATH', () => {
  it.each([
    ['Kubernetes v1.37.2\n', [1, 33], true],
    ['Client Version: v1.33.0\nKustomize Version: v5.6.0\n', [1, 33], true],
    ['Kubernetes v1.32.9\n', [1, 33], false],
    ['etcd Version: 3.7.3\nGit SHA: Not provided\nGo Version: go1.26.8\n', [3, 5], true],
    ['etcd Version: 3.4.30\n', [3, 5], false],
    ['kwok version v0.8.0 go1.26 (linux/amd64)\n', [0, 7], true],
    ['kwok version unknown\n', [0, 7], false],
    ['', [1, 33], false],
  ] as const)('that says %j is taken when it is at least %j: %j', (said, least, taken) => {
    expect(isNewEnough(said, least)).toBe(taken);
  });
});
