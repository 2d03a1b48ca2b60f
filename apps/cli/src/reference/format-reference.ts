// docs/cli.md: what is written by hand stays, the help of every command follows the mark.
import type { CliCommand } from '../command-line/command.ts';
import { commandHelp, programHelp } from '../command-line/help.ts';

export const REFERENCE_MARK = '<!-- reference: written by "npm run cli-reference" -->';

/** @param page the page as it is; what follows the mark is replaced */
export function withReference(page: string, commands: readonly CliCommand[]): string {
  const [before = ''] = page.split(REFERENCE_MARK);
  const block = (text: string): string[] => ['```text', text.trimEnd(), '```', ''];
  return [
    `${before}${REFERENCE_MARK}`,
    '',
    ...block(programHelp(commands)),
    ...commands.flatMap((command) => [
      `## millrace ${command.name}`,
      '',
      ...block(withoutCommon(commandHelp(command))),
    ]),
  ].join('\n');
}

/** The options of every command are in the first block. */
const withoutCommon = (help: string): string => help.replace(/\nOptions of every command:\n(?: .*\n)*/, '');
