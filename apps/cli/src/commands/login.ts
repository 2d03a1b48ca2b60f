// Writes the address of a server and a key for it into the profile file, once the server has accepted them.
import { ApiClient, ApiError } from '../api/api-client.ts';
import { LOCAL_PROFILE, PROFILE_NAME, profilesFile, readProfiles, writeProfiles } from '../access/profiles.ts';
import { readSecret } from '../access/read-secret.ts';
import { checkedKey, secretOf, serverUrl } from '../access/server-access.ts';
import { usageError } from '../command-line/cli-error.ts';
import type { CliCall, CliCommand } from '../command-line/command.ts';
import { writeJson, writeLine } from '../output/output.ts';

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

const nameOf = (call: CliCall): string => {
  const name = call.text('profile') ?? 'default';
  if (!PROFILE_NAME.test(name) || name === LOCAL_PROFILE)
    throw usageError(`"${name}" cannot be the name of a profile`, 'Use a-z, 0-9, ".", "_" and "-"; "local" is taken.');
  return name;
};

async function login(call: CliCall): Promise<undefined> {
  const { environment } = call;
  const { variables, stdout, stderr } = environment;
  const given = call.text('url') ?? variables['MILLRACE_URL'];
  if (!given) throw usageError('no server was given', 'Give it as --url https://live.example.com.');
  const url = serverUrl(given);
  const name = nameOf(call);
  if (url.startsWith('http:') && !LOOPBACK.test(new URL(url).hostname))
    writeLine(stderr, `Warning: ${url} has no TLS: others on the way can read the key.`);
  const key = checkedKey(
    secretOf(variables, 'MILLRACE_API_KEY') ?? (await readSecret(environment, `Key for ${url}: `)),
  );
  await assertAccepted(new ApiClient({ url, key, source: 'login', named: true }, environment.stop));
  const file = profilesFile(variables);
  const { profiles } = readProfiles(file);
  writeProfiles(file, { current: name, profiles: { ...profiles, [name]: { url, key } } });
  if (call.json) writeJson(call, { profile: name, url, file });
  else writeLine(stdout, `Logged in to ${url} as profile "${name}", kept in ${file}.`);
  return undefined;
}

/** A key without the scope for this question is a good key all the same. */
async function assertAccepted(api: ApiClient): Promise<void> {
  try {
    await api.get('/v1/live_streams', { limit: 1 });
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'insufficient_scope') throw error;
  }
}

async function logout(call: CliCall): Promise<undefined> {
  const file = profilesFile(call.environment.variables);
  const { current, profiles } = readProfiles(file);
  const name = call.text('profile') ?? current;
  if (profiles[name] === undefined) throw usageError(`there is no profile "${name}"`);
  const { [name]: _forgotten, ...rest } = profiles;
  writeProfiles(file, { current: name === current ? (Object.keys(rest)[0] ?? 'default') : current, profiles: rest });
  if (!call.json)
    writeLine(
      call.environment.stdout,
      `Forgot profile "${name}". The key itself still works: delete it if it is not needed.`,
    );
  return undefined;
}

export const loginCommands: readonly CliCommand[] = [
  {
    name: 'login',
    summary: 'Store a server and a key for it, to be used from now on.',
    details:
      'The key is typed unseen, piped, or taken from MILLRACE_API_KEY or MILLRACE_API_KEY_FILE; never from the command line, which other users can see. It is kept in ~/.config/millrace/profiles.json, which only you can read.',
    examples: [
      'millrace login --url https://live.example.com',
      'millrace login --url https://live.example.com --profile prod < key.txt',
    ],
    run: login,
  },
  { name: 'logout', summary: 'Forget a stored server and its key.', run: logout },
];
