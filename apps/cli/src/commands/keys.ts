// Stream keys: what encoders publish with.
import { readSecret } from '../access/read-secret.ts';
import { connect } from '../api/connect.ts';
import { findStream } from '../api/find-stream.ts';
import type { StreamKeyObject, StreamKeySecret } from '../api/objects.ts';
import type { CliArgument, CliCall, CliCommand } from '../command-line/command.ts';
import { writeDone, writeList, writeObject } from '../output/output.ts';
import type { TableColumn } from '../output/table.ts';
import { confirm, LIST_OPTIONS, limitOf, STREAM_ARGUMENT, YES_OPTION } from './shared-options.ts';

const COLUMNS: readonly TableColumn<StreamKeyObject>[] = [
  { title: 'NAME', value: ({ name }) => name, shrinks: true },
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'ENDS WITH', value: ({ hint }) => hint },
  { title: 'ID', value: ({ id }) => id },
  { title: 'LAST USED', value: ({ last_used_at }) => last_used_at },
  { title: 'EXPIRES', value: ({ expires_at }) => expires_at },
];

const KEY_ARGUMENT: CliArgument = { name: 'KEY_ID', text: 'Id of the key, skey_…; "millrace keys list" shows it.' };

/** The one time that the key can be seen. */
const showSecret = (call: CliCall, secret: StreamKeySecret): void =>
  writeObject(call, secret, [
    ['id', secret.id],
    ['Server', secret.server],
    ['Stream Key', secret.key],
    ['SRT', secret.has_srt_passphrase === true ? `streamid=publish:${secret.id}, with the passphrase` : undefined],
    ['expires', secret.expires_at],
    ['', 'Enter both in the encoder (OBS: Settings, Stream, Custom). The key is shown only now.'],
  ]);

/** Not its value: lists of processes and the history of shells would have it. */
const PASSPHRASE_OPTION = {
  'srt-passphrase-stdin': {
    text: 'Ask for the passphrase that encoders use over SRT, 10 to 79 characters, or read it from standard input.',
  },
};

/** @returns the field of the request, if a passphrase is given */
async function passphraseOf(call: CliCall): Promise<{ readonly srt_passphrase?: string }> {
  if (!call.flag('srt-passphrase-stdin')) return {};
  return { srt_passphrase: await readSecret(call.environment, 'Passphrase for SRT: ') };
}

const keysOf = async (call: CliCall) => {
  const api = connect(call);
  const { id } = await findStream(api, call.argument(0));
  return { api, path: `/v1/live_streams/${id}/stream_keys` };
};

export const keyCommands: readonly CliCommand[] = [
  {
    name: 'keys list',
    summary: 'List the stream keys of a live stream, without their secrets.',
    arguments: [STREAM_ARGUMENT],
    options: LIST_OPTIONS,
    run: async (call) => {
      const { api, path } = await keysOf(call);
      writeList(call, await api.list<StreamKeyObject>(path, {}, limitOf(call)), COLUMNS);
      return undefined;
    },
  },
  {
    name: 'keys create',
    summary: 'Create a stream key and show it, once.',
    arguments: [STREAM_ARGUMENT],
    options: {
      name: { value: 'NAME', text: 'What the key is for.' },
      'expires-at': { value: 'TIME', text: 'When it stops working, such as 2027-01-31T12:00:00Z.' },
      ...PASSPHRASE_OPTION,
    },
    examples: [
      'millrace keys create stage --name OBS',
      'millrace keys create stage --srt-passphrase-stdin < passphrase.txt',
    ],
    run: async (call) => {
      const [name, expires] = [call.text('name'), call.text('expires-at')];
      const body = {
        ...(name !== undefined && { name }),
        ...(expires !== undefined && { expires_at: expires }),
        ...(await passphraseOf(call)),
      };
      const { api, path } = await keysOf(call);
      showSecret(call, await api.post<StreamKeySecret>(path, body));
      return undefined;
    },
  },
  {
    name: 'keys rotate',
    summary: 'Replace a stream key; the old one works for a while longer.',
    arguments: [STREAM_ARGUMENT, KEY_ARGUMENT],
    details: 'The new key has the passphrase for SRT of the old one, unless another is given.',
    options: {
      'grace-seconds': { value: 'S', text: 'How long the old key keeps working; 86400 by default.' },
      ...PASSPHRASE_OPTION,
    },
    run: async (call) => {
      const grace_seconds = call.number('grace-seconds') ?? 86_400;
      const body = { grace_seconds, ...(await passphraseOf(call)) };
      const { api, path } = await keysOf(call);
      const id = encodeURIComponent(call.argument(1));
      showSecret(call, await api.post<StreamKeySecret>(`${path}/${id}/rotate`, body));
      return undefined;
    },
  },
  {
    name: 'keys revoke',
    summary: 'Revoke a stream key; its encoder is disconnected within a second.',
    arguments: [STREAM_ARGUMENT, KEY_ARGUMENT],
    options: YES_OPTION,
    run: async (call) => {
      const { api, path } = await keysOf(call);
      await confirm(call, `Revoke ${call.argument(1)}? Its encoder is disconnected.`);
      await api.delete(`${path}/${encodeURIComponent(call.argument(1))}`);
      writeDone(call, `Revoked ${call.argument(1)}.`);
      return undefined;
    },
  },
];
