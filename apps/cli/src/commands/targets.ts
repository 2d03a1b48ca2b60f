// Simulcast targets: other servers that a live stream is sent to.
import { readSecret } from '../access/read-secret.ts';
import { connect } from '../api/connect.ts';
import { findStream } from '../api/find-stream.ts';
import type { SimulcastTargetObject } from '../api/objects.ts';
import type { CliArgument, CliCall, CliCommand } from '../command-line/command.ts';
import { writeDone, writeList, writeObject } from '../output/output.ts';
import { byteSize } from '../output/quantities.ts';
import type { TableColumn } from '../output/table.ts';
import { confirm, LIST_OPTIONS, limitOf, STREAM_ARGUMENT, YES_OPTION } from './shared-options.ts';

const COLUMNS: readonly TableColumn<SimulcastTargetObject>[] = [
  { title: 'NAME', value: ({ name }) => name, shrinks: true },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'SENT', value: ({ bytes_sent }) => byteSize(bytes_sent) },
  { title: 'URL', value: ({ url }) => url, shrinks: true },
  { title: 'ID', value: ({ id }) => id },
  { title: 'LAST ERROR', value: ({ last_error }) => last_error?.message ?? null, shrinks: true },
];

const TARGET_ARGUMENT: CliArgument = {
  name: 'TARGET_ID',
  text: 'Id of the target, smt_…; "millrace targets list" shows it.',
};

const targetsOf = async (call: CliCall) => {
  const api = connect(call);
  const { id } = await findStream(api, call.argument(0));
  return { api, path: `/v1/live_streams/${id}/simulcast_targets` };
};

const show = (call: CliCall, target: SimulcastTargetObject): void =>
  writeObject(call, target, [
    ['id', target.id],
    ['name', target.name],
    ['url', target.url],
    ['state', target.state],
  ]);

const switchCommand = (verb: 'enable' | 'disable', summary: string): CliCommand => ({
  name: `targets ${verb}`,
  summary,
  arguments: [STREAM_ARGUMENT, TARGET_ARGUMENT],
  run: async (call) => {
    const { api, path } = await targetsOf(call);
    const id = encodeURIComponent(call.argument(1));
    show(call, await api.patch<SimulcastTargetObject>(`${path}/${id}`, { enabled: verb === 'enable' }));
    return undefined;
  },
});

export const targetCommands: readonly CliCommand[] = [
  {
    name: 'targets list',
    summary: 'List the servers that a live stream is also sent to, and how that goes.',
    arguments: [STREAM_ARGUMENT],
    options: LIST_OPTIONS,
    run: async (call) => {
      const { api, path } = await targetsOf(call);
      writeList(call, await api.list<SimulcastTargetObject>(path, {}, limitOf(call)), COLUMNS);
      return undefined;
    },
  },
  {
    name: 'targets create',
    summary:
      'Send a live stream to another server too; asks for the stream key there, or reads it from standard input.',
    arguments: [
      STREAM_ARGUMENT,
      {
        name: 'URL',
        text: 'Address that the other service shows, rtmp(s)://…, srt://… or rtsp(s)://…, without the stream key, or the stream id of SRT.',
      },
    ],
    options: {
      name: { value: 'NAME', text: 'What to call it.' },
      'key-in-url': {
        text: 'The address has everything: nothing is asked. Other programs on this machine may see it.',
      },
    },
    examples: ['millrace targets create stage rtmp://a.rtmp.youtube.com/live2 --name YouTube'],
    run: async (call) => {
      const { api, path } = await targetsOf(call);
      const stream_key = call.flag('key-in-url')
        ? undefined
        : await readSecret(call.environment, 'Stream key at that service: ');
      const name = call.text('name');
      const body = {
        url: call.argument(1),
        ...(stream_key !== undefined && { stream_key }),
        ...(name !== undefined && { name }),
      };
      show(call, await api.post<SimulcastTargetObject>(path, body));
      return undefined;
    },
  },
  switchCommand('enable', 'Send a live stream to a target again.'),
  switchCommand('disable', 'Stop sending a live stream to a target, without deleting it.'),
  {
    name: 'targets delete',
    summary: 'Delete a target; the stream is no longer sent to it, within a second.',
    arguments: [STREAM_ARGUMENT, TARGET_ARGUMENT],
    options: YES_OPTION,
    run: async (call) => {
      const { api, path } = await targetsOf(call);
      await confirm(call, `Delete ${call.argument(1)}?`);
      await api.delete(`${path}/${encodeURIComponent(call.argument(1))}`);
      writeDone(call, `Deleted ${call.argument(1)}.`);
      return undefined;
    },
  },
];
