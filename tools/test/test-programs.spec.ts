import { describe, expect, it } from 'vitest';
import { findProgram, requireProgram } from '../processes/find-program.ts';
import { CLUSTER_PROGRAMS, installAdvice, missingPrograms } from './test-programs.ts';

describe('the programs that tests need', () => {
  it('are all there when each is found under one of its names', () => {
    const find = (name: string): string | undefined => (name === 'chromium' ? undefined : `/usr/bin/${name}`);
    expect(missingPrograms((name) => (name === 'python3' ? findProgram(name) : find(name)))).toEqual([]);
  });

  it('are named together with the command that installs them', () => {
    const missing = missingPrograms((name) => (name.startsWith('ff') ? undefined : name));
    expect(installAdvice(missing, 'linux')).toContain('apt-get install ffmpeg\n');
    expect(installAdvice(missing, 'darwin')).toContain('brew install ffmpeg\n');
    expect(installAdvice(missing, 'linux')).toContain('ffmpeg, ffprobe');
  });

  it('are missing too when they are there in a version that will not do', () => {
    const missing = missingPrograms((name) => (name === 'python3' ? requireProgram('false', 'coreutils') : name));
    expect(missing.map(({ names }) => names)).toEqual([['python3']]);
    expect(installAdvice(missing, 'linux')).toMatch(
      /needs python3: [^]* apt-get install python3-venv\npython3 has to be 3.11/,
    );
  });

  it('are two for a cluster on this machine: the others are clients', () => {
    const missing = missingPrograms(() => undefined, CLUSTER_PROGRAMS);
    expect(missing.map(({ names }) => names[0])).toEqual(['pip3', 'redis-server']);
  });
});
