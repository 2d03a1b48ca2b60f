// Which server, with which key. A key goes only to the server that it was given or stored for.
import { readFileSync } from 'node:fs';
import { isSecretKey } from '@millrace/domain';
import { CliError, usageError } from '../command-line/cli-error.ts';
import type { CliCall } from '../command-line/command.ts';
import { ExitCode } from '../command-line/exit-code.ts';
import { readDataFolder } from './data-folder.ts';
import { LOCAL_PROFILE, profilesFile, readProfiles } from './profiles.ts';

export interface ServerAccess {
  /** Without `/v1` and without a slash at its end. */
  readonly url: string;
  readonly key: string | undefined;
  /** Where the key was found, for messages. */
  readonly source: string;
  /** Whether the address was given or stored; else it is what a gateway on this machine would have. */
  readonly named: boolean;
}

type Variables = Readonly<Record<string, string | undefined>>;

const localUrl = (variables: Variables): string => `http://localhost:${variables['MILLRACE_HTTP_PORT'] || 8080}`;

/** @throws CliError unless it is http or https */
export function serverUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw usageError(`"${text}" is not the URL of a server`, 'Give it as https://live.example.com.');
  if (url.username !== '' || url.password !== '')
    throw usageError('the URL must not contain a password', 'Give the key in MILLRACE_API_KEY.');
  return `${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')}`;
}

/** The text of a variable, or of the file that the variable with `_FILE` behind its name points to. */
export function secretOf(variables: Variables, variable: string): string | undefined {
  const file = variables[`${variable}_FILE`];
  if (!file) return variables[variable]?.trim() || undefined;
  if (variables[variable]) throw usageError(`set either ${variable} or ${variable}_FILE, not both`);
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw usageError(`${variable}_FILE: ${file} cannot be read (${code})`);
  }
}

interface Candidate {
  readonly url: string;
  readonly key: string | undefined;
  readonly source: string;
}

/**
 * Finds the server and a key for it.
 *
 * @param asOperator whether the operator key is preferred where it is known, or required with `--operator`
 * @throws CliError when a file with a key may be read by other users, or `--profile` names none
 */
export function findAccess(call: CliCall, asOperator: boolean): ServerAccess {
  const { variables } = call.environment;
  const givenText = call.text('url') ?? (variables['MILLRACE_URL'] || undefined);
  const given = givenText === undefined ? undefined : serverUrl(givenText);
  const profile = call.text('profile') ?? (variables['MILLRACE_PROFILE'] || undefined);
  const operator = asOperator || call.flag('operator');
  const fromEnvironment = keyOfEnvironment(call, operator);
  const stored = given === undefined || fromEnvironment === undefined ? storedAccess(call, profile, operator) : [];
  const matching = given === undefined ? stored : stored.filter(({ url }) => url === given);
  const first = matching.find(({ key }) => key !== undefined) ?? matching[0];
  const url = given ?? first?.url ?? localUrl(variables);
  const named = given !== undefined || first !== undefined;
  if (fromEnvironment !== undefined) return { url, named, ...fromEnvironment };
  return { url, named, key: first?.key, source: first?.source ?? 'nowhere' };
}

function keyOfEnvironment({ environment: { variables } }: CliCall, operator: boolean) {
  const operatorKey = operator ? secretOf(variables, 'MILLRACE_OPERATOR_KEY') : undefined;
  const key = operatorKey ?? secretOf(variables, 'MILLRACE_API_KEY');
  if (key === undefined) return undefined;
  return { key: checkedKey(key), source: operatorKey === undefined ? 'MILLRACE_API_KEY' : 'MILLRACE_OPERATOR_KEY' };
}

/** Profiles first: they were chosen, a data folder is just there. */
function storedAccess(call: CliCall, profile: string | undefined, operator: boolean): Candidate[] {
  const found: Candidate[] = [];
  if (profile !== LOCAL_PROFILE) found.push(...profileAccess(call, profile));
  if (profile === undefined || profile === LOCAL_PROFILE) found.push(...localAccess(call, operator));
  if (profile === LOCAL_PROFILE && found.length === 0)
    throw new CliError(ExitCode.notAuthenticated, 'there is no data folder of a start here', {
      advice: 'Run it in the folder where "npm start" runs, or set MILLRACE_DATA_DIR.',
    });
  return found;
}

function profileAccess(call: CliCall, name: string | undefined): Candidate[] {
  const { current, profiles } = readProfiles(profilesFile(call.environment.variables));
  const chosen = profiles[name ?? current];
  if (chosen !== undefined) return [{ ...chosen, source: `profile ${name ?? current}` }];
  if (name === undefined) return [];
  const names = Object.keys(profiles);
  throw usageError(
    `there is no profile "${name}"`,
    names.length === 0 ? 'Run "millrace login".' : `There are: ${[...names, LOCAL_PROFILE].join(', ')}.`,
  );
}

function localAccess(call: CliCall, operator: boolean): Candidate[] {
  const { variables, folder } = call.environment;
  const found = readDataFolder(variables, folder);
  if (found === undefined) return [];
  const key = operator ? (found.operatorKey ?? found.apiKey) : (found.apiKey ?? found.operatorKey);
  return [{ url: found.url === undefined ? localUrl(variables) : serverUrl(found.url), key, source: found.folder }];
}

/** A key that was mistyped is found here, not after ten wrong keys by the server. */
export function checkedKey(key: string): string {
  if (isSecretKey('mr_sk', key) || isSecretKey('mr_op', key)) return key;
  // An operator may set a key of any form.
  if (!/^mr_(sk|op|st|sg)_/.test(key) && /^[\x21-\x7e]{8,256}$/.test(key)) return key;
  const kind = /^mr_st_/.test(key)
    ? 'a stream key, for an encoder'
    : /^mr_sg_/.test(key)
      ? 'a signing key'
      : 'mistyped';
  throw new CliError(ExitCode.notAuthenticated, `the key is ${kind}`, {
    advice: 'Copy the REST key again: it begins with mr_sk_ or mr_op_ and ends with a checksum.',
  });
}
