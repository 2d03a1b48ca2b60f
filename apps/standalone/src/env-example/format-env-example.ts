import type { DocumentedSetting } from './settings-of-all.ts';

/** The text of `.env.example`: every setting with a sentence, commented out at its default. */
export function formatEnvExample(settings: readonly DocumentedSetting[]): string {
  const blocks = settings.map(
    ({ variable, defaultText, description, readBy }) =>
      `# ${description}${readBy === 'all' ? '' : ` (${readBy})`}\n#${variable}=${defaultText}\n`,
  );
  return [
    '# Every setting of every service, at its default. Written by "npm run env-example".',
    '# Sizes are in bytes, times in milliseconds. A variable that is set to nothing has its default.',
    '',
    ...blocks,
  ].join('\n');
}
