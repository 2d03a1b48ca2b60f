// Keys of the REST API.
import { connect } from '../api/connect.ts';
import type { ApiKeyObject, ApiKeySecret } from '../api/objects.ts';
import type { CliArgument, CliCall, CliCommand } from '../command-line/command.ts';
import { writeDone, writeList, writeObject } from '../output/output.ts';
import type { TableColumn } from '../output/table.ts';
import { bodyOf, confirm, LIST_OPTIONS, limitOf, YES_OPTION } from './shared-options.ts';

const COLUMNS: readonly TableColumn<ApiKeyObject>[] = [
  { title: 'NAME', value: ({ name }) => name, shrinks: true },
  { title: 'ENDS WITH', value: ({ hint }) => hint },
  { title: 'ID', value: ({ id }) => id },
  { title: 'TENANT', value: ({ tenant_id }) => tenant_id ?? 'operator' },
  { title: 'SCOPES', value: ({ scopes }) => scopes.join(' '), shrinks: true },
  { title: 'LAST USED', value: ({ last_used_at }) => last_used_at },
  { title: 'EXPIRES', value: ({ expires_at }) => expires_at },
];

const KEY_ARGUMENT: CliArgument = { name: 'KEY_ID', text: 'Id of the key, key_…; "millrace api-keys list" shows it.' };
const asOperator = { asOperator: true };
const pathOf = (call: CliCall): string => `/v1/api_keys/${encodeURIComponent(call.argument(0))}`;

/** The one time that the key can be seen. */
const showSecret = (call: CliCall, secret: ApiKeySecret): void =>
  writeObject(call, secret, [
    ['id', secret.id],
    ['tenant', secret.tenant_id],
    ['scopes', secret.scopes.join(' ')],
    ['expires', secret.expires_at],
    ['key', secret.key],
    ['', 'The key is shown only now: store it.'],
  ]);

export const apiKeyCommands: readonly CliCommand[] = [
  {
    name: 'api-keys list',
    summary: 'List keys of the REST API, without their secrets.',
    options: { 'tenant-id': { value: 'ID', text: 'Whose; only with the operator key.' }, ...LIST_OPTIONS },
    run: async (call) => {
      const query = { tenant_id: call.text('tenant-id') };
      const page = await connect(call, asOperator).list<ApiKeyObject>('/v1/api_keys', query, limitOf(call));
      writeList(call, page, COLUMNS);
      return undefined;
    },
  },
  {
    name: 'api-keys create',
    summary: 'Create a key for a tenant (operator) and show it, once.',
    arguments: [{ name: 'TENANT_ID', text: 'The tenant that it gives access to, ten_….' }],
    options: {
      name: { value: 'NAME', text: 'What the key is for.' },
      scope: {
        value: 'SCOPE',
        repeats: true,
        text: 'What it may do, such as live_streams:read; everything by default.',
      },
      'allowed-address': { value: 'RANGE', repeats: true, text: 'Where it may be used from, such as 203.0.113.0/24.' },
      'expires-at': { value: 'TIME', text: 'When it stops working, such as 2027-01-31T12:00:00Z.' },
    },
    run: async (call) => {
      const body = {
        tenant_id: call.argument(0),
        name: 'command line',
        ...bodyOf(call, {
          name: { field: 'name', kind: 'text' },
          scope: { field: 'scopes', kind: 'list' },
          'allowed-address': { field: 'allowed_addresses', kind: 'list' },
          'expires-at': { field: 'expires_at', kind: 'text' },
        }),
      };
      showSecret(call, await connect(call, asOperator).post<ApiKeySecret>('/v1/api_keys', body));
      return undefined;
    },
  },
  {
    name: 'api-keys rotate',
    summary: 'Replace a key of the REST API; the old one works for a while longer.',
    arguments: [KEY_ARGUMENT],
    options: { 'grace-seconds': { value: 'S', text: 'How long the old key keeps working; 86400 by default.' } },
    run: async (call) => {
      const grace_seconds = call.number('grace-seconds') ?? 86_400;
      showSecret(call, await connect(call, asOperator).post<ApiKeySecret>(`${pathOf(call)}/rotate`, { grace_seconds }));
      return undefined;
    },
  },
  {
    name: 'api-keys delete',
    summary: 'Delete a key of the REST API; it stops working at once.',
    arguments: [KEY_ARGUMENT],
    options: YES_OPTION,
    run: async (call) => {
      const api = connect(call, asOperator);
      await confirm(call, `Delete ${call.argument(0)}? What uses it stops working.`);
      await api.delete(pathOf(call));
      writeDone(call, `Deleted ${call.argument(0)}.`);
      return undefined;
    },
  },
];
