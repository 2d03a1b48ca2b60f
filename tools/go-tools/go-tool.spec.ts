import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ensureGoTool, findGo } from './go-tool.ts';
import type { GoTool } from './go-tool.ts';
import { ensureHelm, isUsable } from './helm.ts';

const SOURCE = 'package main\n\nimport "fmt"\n\nvar version = "none"\n\nfunc main() { fmt.Println(version) }\n';

let folder: string;
let tool: GoTool;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-go-tool-'));
  writeFileSync(join(folder, 'go.mod'), 'module sample\n\ngo 1.21\n');
  writeFileSync(join(folder, 'go.sum'), '');
  writeFileSync(join(folder, 'main.go'), SOURCE);
  tool = {
    name: 'sample',
    moduleFolder: folder,
    mainPackage: '.',
    linkerVariables: { 'main.version': 'v1.2.3' },
    buildTime: 'a second',
  };
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe.runIf(findGo() !== undefined)('a pinned Go program', () => {
  it('is built once, and again when what it is made of has changed', async () => {
    const bin = join(folder, 'bin');
    const program = await ensureGoTool(tool, bin);
    expect(execFileSync(program, { encoding: 'utf8' })).toBe('v1.2.3\n');
    const builtAt = statSync(program).ino;
    expect(statSync(await ensureGoTool(tool, bin)).ino).toBe(builtAt);
    const newer = { ...tool, linkerVariables: { 'main.version': 'v1.2.4' } };
    expect(execFileSync(await ensureGoTool(newer, bin), { encoding: 'utf8' })).toBe('v1.2.4\n');
  });

  it('is not there after a build that failed', async () => {
    writeFileSync(join(folder, 'main.go'), 'package main\n');
    await expect(ensureGoTool(tool, join(folder, 'bin'))).rejects.toThrow('building sample failed');
    await expect(ensureGoTool(tool, join(folder, 'bin'))).rejects.toThrow('building sample failed');
  });
});

describe('Helm', () => {
  it('is a Helm 3 that knows what the tests ask of it', async () => {
    const version = execFileSync(await ensureHelm(), ['version', '--short'], { encoding: 'utf8' });
    expect(isUsable(version)).toBe(true);
  });

  it('is not taken from the PATH when it is too old or too new', () => {
    expect(['v3.18.0', 'v3.22.0+g1b2c3d4'].map(isUsable)).toEqual([true, true]);
    expect(['v2.17.0', 'v3.9.4', 'v4.0.0', ''].map(isUsable)).toEqual([false, false, false, false]);
  });
});
