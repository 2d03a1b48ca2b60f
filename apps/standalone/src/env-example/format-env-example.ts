import { variablesOf } from '@millrace/service-kit';
import type { DocumentedSetting } from './settings-of-all.ts';

/** The text of `.env.example`: every setting with a sentence, commented out at its default. */
export function formatEnvExample(settings: readonly DocumentedSetting[]): string {
  const blocks = settings.map((setting) => {
    const { defaultText, description, readBy } = setting;
    const [variable, ...files] = variablesOf(setting);
    const lines = [`#${variable}=${defaultText}`, ...files.map((file) => `#${file}=`)];
    return `# ${description}${readBy === 'all' ? '' : ` (${readBy})`}\n${lines.join('\n')}\n`;
  });
  return [
    '# Every setting of every service, at its default. Written by "npm run env-example".',
    '# Sizes are in bytes, times in milliseconds. A variable that is set to nothing has its default, save for lists that say otherwise.',
    '# Where a second line ends in _FILE, the value may stand in that file instead: better for a secret. Not both.',
    '',
    ...blocks,
  ].join('\n');
}
