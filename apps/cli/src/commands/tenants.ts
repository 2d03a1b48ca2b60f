import { connect } from '../api/connect.ts';
import type { TenantObject } from '../api/objects.ts';
import type { CliArgument, CliCall, CliCommand, CliOption } from '../command-line/command.ts';
import { writeDone, writeList, writeObject } from '../output/output.ts';
import type { TableColumn } from '../output/table.ts';
import { bodyOf, confirm, LIST_OPTIONS, limitOf, requireChange, YES_OPTION } from './shared-options.ts';
import type { BodyField } from './shared-options.ts';

const COLUMNS: readonly TableColumn<TenantObject>[] = [
  { title: 'NAME', value: ({ name }) => name, shrinks: true },
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'ID', value: ({ id }) => id },
  { title: 'STREAMS', value: ({ max_live_streams }) => max_live_streams, align: 'right' },
  { title: 'ROOMS', value: ({ max_rooms }) => max_rooms, align: 'right' },
  { title: 'CREATED', value: ({ created_at }) => created_at.slice(0, 10) },
];

const TENANT_ARGUMENT: CliArgument = { name: 'TENANT_ID', text: 'Id of the tenant, ten_….' };

const QUOTAS = {
  'max-live-streams': { value: 'N', text: 'Most concurrent live streams.' },
  'max-rooms': { value: 'N', text: 'Most concurrently open rooms.' },
  'max-participants': { value: 'N', text: 'Most concurrent participants in all rooms.' },
  'max-relay-allocations': { value: 'N', text: 'Most concurrent relay allocations.' },
  'max-relay-bits-per-second': { value: 'N', text: 'Highest total bitrate of relay allocations.' },
} as const satisfies Readonly<Record<string, CliOption>>;

const QUOTA_FIELDS = Object.fromEntries(
  Object.keys(QUOTAS).map((option): [string, BodyField] => [
    option,
    { field: option.replaceAll('-', '_'), kind: 'whole' },
  ]),
);

const pathOf = (call: CliCall): string => `/v1/tenants/${encodeURIComponent(call.argument(0))}`;
const asOperator = { asOperator: true };

/** Every field that the API has for it: quotas of later releases too. */
const showTenant = (call: CliCall, tenant: TenantObject): void =>
  writeObject(
    call,
    tenant,
    Object.entries(tenant).filter(
      (entry): entry is [string, string | number] => typeof entry[1] === 'string' || typeof entry[1] === 'number',
    ),
  );

const action = (name: 'suspend' | 'resume' | 'restore', summary: string, done: string): CliCommand => ({
  name: `tenants ${name}`,
  summary,
  arguments: [TENANT_ARGUMENT],
  options: name === 'suspend' ? YES_OPTION : {},
  run: async (call) => {
    const api = connect(call, asOperator);
    if (name === 'suspend')
      await confirm(call, `Suspend ${call.argument(0)}? Its publishers and calls are disconnected.`);
    const tenant = await api.post<TenantObject>(`${pathOf(call)}/${name}`);
    if (call.json) showTenant(call, tenant);
    else writeDone(call, `${tenant.name} ${done}`);
    return undefined;
  },
});

export const tenantCommands: readonly CliCommand[] = [
  {
    name: 'tenants list',
    summary: 'List tenants; a tenant sees only itself.',
    options: LIST_OPTIONS,
    run: async (call) => {
      const page = await connect(call, asOperator).list<TenantObject>('/v1/tenants', {}, limitOf(call));
      writeList(call, page, COLUMNS);
      return undefined;
    },
  },
  {
    name: 'tenants get',
    summary: 'Show a tenant with its quotas.',
    arguments: [TENANT_ARGUMENT],
    run: async (call) => {
      showTenant(call, await connect(call, asOperator).get<TenantObject>(pathOf(call)));
      return undefined;
    },
  },
  {
    name: 'tenants create',
    summary: 'Create a tenant (operator).',
    details: 'Create a key for it with "millrace api-keys create".',
    arguments: [{ name: 'NAME', text: 'Its name.' }],
    options: QUOTAS,
    run: async (call) => {
      const body = { name: call.argument(0), ...bodyOf(call, QUOTA_FIELDS) };
      showTenant(call, await connect(call, asOperator).post<TenantObject>('/v1/tenants', body));
      return undefined;
    },
  },
  {
    name: 'tenants update',
    summary: 'Change the name or quotas of a tenant (operator).',
    arguments: [TENANT_ARGUMENT],
    options: { name: { value: 'NAME', text: 'A new name.' }, ...QUOTAS },
    run: async (call) => {
      const body = bodyOf(call, { name: { field: 'name', kind: 'text' }, ...QUOTA_FIELDS });
      requireChange(body);
      showTenant(call, await connect(call, asOperator).patch<TenantObject>(pathOf(call), body));
      return undefined;
    },
  },
  action('suspend', 'Refuse the keys of a tenant and disconnect what it runs (operator).', 'is suspended.'),
  action('resume', 'Let a suspended tenant continue (operator).', 'may continue.'),
  action('restore', 'Bring a deleted tenant back; it is suspended then (operator).', 'is restored, and suspended.'),
  {
    name: 'tenants delete',
    summary: 'Delete a tenant and everything it has (operator).',
    details: 'Its data is kept for a time; until then "millrace tenants restore" brings it back.',
    arguments: [TENANT_ARGUMENT],
    options: { purge: { text: 'Delete its data at once. It cannot be restored.' }, ...YES_OPTION },
    run: async (call) => {
      const api = connect(call, asOperator);
      const { name, id } = await api.get<TenantObject>(pathOf(call));
      const isPurged = call.flag('purge');
      await confirm(call, `Delete the tenant "${name}" (${id}) and everything it has${isPurged ? ', for good' : ''}?`);
      await api.delete(`${pathOf(call)}${isPurged ? '?purge=true' : ''}`);
      writeDone(call, `Deleted ${name}.`);
      return undefined;
    },
  },
];
