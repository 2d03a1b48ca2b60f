// What keeps the keys of the command line with their owner, and its output whole, removed piece by piece.
import type { Mutant } from '../mutant.ts';

const FILE = 'apps/cli/src/access/private-file.ts';
const ACCESS_SPECS = ['apps/cli/src/access/server-access.spec.ts'];
const RUN_SPECS = ['apps/cli/src/run.spec.ts'];

export const CLI_MUTANTS: readonly Mutant[] = [
  {
    name: 'cli-uses-keys-that-others-may-read',
    file: FILE,
    find: '(mode & 0o077) !== 0',
    replace: '(mode & 0) !== 0',
    specs: ACCESS_SPECS,
  },
  {
    name: 'cli-writes-keys-that-others-may-read',
    file: FILE,
    find: 'chmodSync(draft, 0o600)',
    replace: 'chmodSync(draft, 0o644)',
    specs: ACCESS_SPECS,
  },
  {
    name: 'cli-sends-a-stored-key-to-any-server',
    file: 'apps/cli/src/access/server-access.ts',
    find: 'stored.filter(({ url }) => url === given)',
    replace: 'stored',
    specs: ACCESS_SPECS,
  },
  {
    name: 'cli-sends-a-mistyped-key',
    file: 'apps/cli/src/access/server-access.ts',
    find: '!/^mr_(sk|op|st|sg)_/.test(key) && ',
    replace: '',
    specs: ACCESS_SPECS,
  },
  {
    name: 'cli-follows-events-from-the-newest-again',
    file: 'apps/cli/src/api/follow-events.ts',
    find: 'after = event.id;',
    replace: '',
    specs: RUN_SPECS,
  },
  {
    name: 'cli-shows-control-characters',
    file: 'apps/cli/src/output/table.ts',
    find: 'printable(String(value))',
    replace: 'String(value)',
    specs: ['apps/cli/src/output/table.spec.ts'],
  },
  {
    name: 'cli-deletes-without-consent',
    file: 'apps/cli/src/commands/shared-options.ts',
    find: "if (call.flag('yes')) return;",
    replace: "if (!call.flag('no')) return;",
    specs: RUN_SPECS,
  },
  {
    name: 'cli-follows-redirects-with-the-key',
    file: 'apps/cli/src/api/api-client.ts',
    find: "redirect: 'manual'",
    replace: "redirect: 'follow'",
    specs: RUN_SPECS,
  },
];
