import { variablesOf } from '@millrace/service-kit';
import type { SettingDescription } from '@millrace/service-kit';

/** The text of service-kit's `known-variables.ts`: no service knows the settings of the others, yet none warns of them. */
export function formatKnownVariables(settings: readonly SettingDescription[]): string {
  const names = [...new Set(settings.flatMap(variablesOf))].filter((name) => name.startsWith('MILLRACE_')).sort();
  return [
    '// Every variable that a part of Millrace reads. Written by "npm run env-example".',
    'export const KNOWN_VARIABLES: readonly string[] = [',
    ...names.map((name) => `  '${name}',`),
    '];',
    '',
  ].join('\n');
}
