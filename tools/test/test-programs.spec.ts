import { describe, expect, it } from 'vitest';
import { installAdvice, missingPrograms } from './test-programs.ts';

describe('the programs that tests need', () => {
  it('are all there when each is found under one of its names', () => {
    expect(missingPrograms((name) => (name === 'chromium' ? undefined : `/usr/bin/${name}`))).toEqual([]);
  });

  it('are named together with the command that installs them', () => {
    const missing = missingPrograms((name) => (name.startsWith('ff') ? undefined : name));
    expect(installAdvice(missing, 'linux')).toContain('apt-get install ffmpeg\n');
    expect(installAdvice(missing, 'darwin')).toContain('brew install ffmpeg\n');
    expect(installAdvice(missing, 'linux')).toContain('ffmpeg, ffprobe');
  });
});
