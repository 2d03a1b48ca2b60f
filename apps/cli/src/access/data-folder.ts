// The data folder of a start on this machine: it holds the address and the keys.
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { CliError } from '../command-line/cli-error.ts';
import { ExitCode } from '../command-line/exit-code.ts';
import { readPrivateFile } from './private-file.ts';

const quickstartSchema = z.object({
  api_url: z.string(),
  api_key: z.string(),
  operator_key: z.string(),
  rtmp_url: z.string(),
});

export interface DataFolderAccess {
  readonly folder: string;
  readonly url?: string;
  readonly apiKey?: string;
  readonly operatorKey?: string;
  readonly rtmpUrl?: string;
}

/** Of this clone, or of the image. */
const ROOT = resolve(import.meta.dirname, '../../../..');

/**
 * What a start on this machine wrote: `quickstart.json` of `npm start`, or the operator key of a gateway.
 *
 * @returns undefined when there is nothing
 * @throws CliError when other users may read it
 */
export function readDataFolder(
  variables: Readonly<Record<string, string | undefined>>,
  workingFolder: string,
): DataFolderAccess | undefined {
  const given = variables['MILLRACE_DATA_DIR'];
  const folders = given ? [resolve(workingFolder, given)] : [join(workingFolder, 'data'), join(ROOT, 'data')];
  for (const folder of folders) {
    const found = readQuickstart(folder) ?? readOperatorKey(folder);
    if (found !== undefined) return found;
  }
  return undefined;
}

function readQuickstart(folder: string): DataFolderAccess | undefined {
  const file = join(folder, 'quickstart.json');
  const text = readPrivateFile(file);
  if (text === undefined) return undefined;
  try {
    const { api_url, api_key, operator_key, rtmp_url } = quickstartSchema.parse(JSON.parse(text));
    return { folder, url: api_url, apiKey: api_key, operatorKey: operator_key, rtmpUrl: rtmp_url };
  } catch (error) {
    throw new CliError(ExitCode.failure, `${file} is damaged`, {
      advice: 'Delete it, and the next start creates a new demo stream.',
      cause: error,
    });
  }
}

/** A gateway without `MILLRACE_OPERATOR_KEY` makes one, and writes it here. */
function readOperatorKey(folder: string): DataFolderAccess | undefined {
  const text = readPrivateFile(join(folder, 'operator-key'));
  return text === undefined ? undefined : { folder, operatorKey: text.trim() };
}
