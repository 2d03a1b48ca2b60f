// What the command ends with, so that scripts can tell why: one list for the code, the help and docs/cli.md.

export const ExitCode = {
  ok: 0,
  failure: 1,
  usage: 2,
  notAuthenticated: 3,
  notFound: 4,
  unreachable: 5,
  notPermitted: 6,
  interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export const EXIT_CODES: Readonly<Record<keyof typeof ExitCode, string>> = {
  ok: 'It worked.',
  failure: 'It failed: the server refused the request, or a check of "doctor" failed.',
  usage: 'The command line is wrong.',
  notAuthenticated: 'There is no key, or the server does not accept it.',
  notFound: 'The server has nothing of this name or id that the key may access.',
  unreachable: 'The server cannot be reached.',
  notPermitted: 'The key may not do this.',
  interrupted: 'Stopped by Ctrl-C or SIGTERM.',
};
