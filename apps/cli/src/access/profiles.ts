// Profiles: the servers that "millrace login" wrote down, each with its key.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { CliError } from '../command-line/cli-error.ts';
import { ExitCode } from '../command-line/exit-code.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';

const profileSchema = z.object({ url: z.string(), key: z.string() });
const profilesSchema = z.object({ current: z.string(), profiles: z.record(z.string(), profileSchema) });

export type ServerProfiles = z.infer<typeof profilesSchema>;

/** Means the data folder of a start on this machine. */
export const LOCAL_PROFILE = 'local';
export const PROFILE_NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** XDG Base Directory Specification: `$XDG_CONFIG_HOME`, else `~/.config`. */
export function profilesFile(variables: Readonly<Record<string, string | undefined>>): string {
  const configured = variables['XDG_CONFIG_HOME'];
  return join(configured || join(variables['HOME'] || homedir(), '.config'), 'millrace', 'profiles.json');
}

/** @throws CliError when the file is damaged, or other users may read it */
export function readProfiles(file: string): ServerProfiles {
  const text = readPrivateFile(file);
  if (text === undefined) return { current: 'default', profiles: {} };
  try {
    return profilesSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new CliError(ExitCode.failure, `${file} is damaged`, {
      advice: 'Delete it and run "millrace login" again.',
      cause: error,
    });
  }
}

export function writeProfiles(file: string, profiles: ServerProfiles): void {
  writePrivateFile(file, `${JSON.stringify(profiles, null, 2)}\n`);
}
