// Ingest sources: cameras and other servers that a stream is pulled from.
import { readSecret } from '../access/read-secret.ts';
import { connect } from '../api/connect.ts';
import { findStream } from '../api/find-stream.ts';
import type { IngestSourceObject } from '../api/objects.ts';
import type { CliArgument, CliCall, CliCommand } from '../command-line/command.ts';
import { writeDone, writeList, writeObject } from '../output/output.ts';
import type { TableColumn } from '../output/table.ts';
import { confirm, LIST_OPTIONS, limitOf, STREAM_ARGUMENT, YES_OPTION } from './shared-options.ts';

const COLUMNS: readonly TableColumn<IngestSourceObject>[] = [
  { title: 'NAME', value: ({ name }) => name, shrinks: true },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'SINCE', value: ({ state_since }) => state_since },
  { title: 'ADDRESS', value: ({ url }) => url, shrinks: true },
  { title: 'ID', value: ({ id }) => id },
  { title: 'LAST ERROR', value: ({ last_error }) => last_error?.message, shrinks: true },
];

const SOURCE_ARGUMENT: CliArgument = {
  name: 'SOURCE_ID',
  text: 'Id of the source, src_…; "millrace sources list" shows it.',
};

const sourcesOf = async (call: CliCall) => {
  const api = connect(call);
  const { id } = await findStream(api, call.argument(0));
  return { api, path: `/v1/live_streams/${id}/ingest_sources` };
};

const oneSource = async (call: CliCall) => {
  const { api, path } = await sourcesOf(call);
  return { api, path: `${path}/${encodeURIComponent(call.argument(1))}` };
};

const switching = (name: 'enable' | 'disable', summary: string): CliCommand => ({
  name: `sources ${name}`,
  summary,
  arguments: [STREAM_ARGUMENT, SOURCE_ARGUMENT],
  run: async (call) => {
    const { api, path } = await oneSource(call);
    const source = await api.patch<IngestSourceObject>(path, { enabled: name === 'enable' });
    writeDone(call, `${source.name} is ${name}d.`);
    return undefined;
  },
});

export const sourceCommands: readonly CliCommand[] = [
  {
    name: 'sources list',
    summary: 'List the ingest sources of a live stream, and what has become of them.',
    arguments: [STREAM_ARGUMENT],
    options: LIST_OPTIONS,
    run: async (call) => {
      const { api, path } = await sourcesOf(call);
      writeList(call, await api.list<IngestSourceObject>(path, {}, limitOf(call)), COLUMNS);
      return undefined;
    },
  },
  {
    name: 'sources create',
    summary: 'Pull a live stream from a camera or another server.',
    arguments: [
      STREAM_ARGUMENT,
      {
        name: 'URL',
        text: 'Address of the source: rtsp://, rtmp:// or srt://, or http:// with a path that ends in .flv or .m3u8; also rtsps://, rtmps:// and https://.',
      },
    ],
    options: {
      name: { value: 'NAME', text: 'What the source is.' },
      username: { value: 'USER', text: 'User name at the source.' },
      'on-demand': { text: 'Pull it only while there are viewers.' },
      // Not its value: lists of processes and the history of shells would have it.
      'password-stdin': { text: 'Ask for the password at the source, or read it from standard input.' },
    },
    examples: ['millrace sources create door rtsp://camera.example.com/live --username viewer --password-stdin'],
    run: async (call) => {
      const [name, username] = [call.text('name'), call.text('username')];
      const password = call.flag('password-stdin')
        ? await readSecret(call.environment, 'Password at the source: ')
        : undefined;
      const body = {
        url: call.argument(1),
        ...(name !== undefined && { name }),
        ...(call.flag('on-demand') && { mode: 'on_demand' }),
        ...(username !== undefined && { username }),
        ...(password !== undefined && { password }),
      };
      const { api, path } = await sourcesOf(call);
      const source = await api.post<IngestSourceObject>(path, body);
      writeObject(call, source, [
        ['id', source.id],
        ['name', source.name],
        ['address', source.url],
        ['state', source.state],
      ]);
      return undefined;
    },
  },
  switching('enable', 'Pull from an ingest source again.'),
  switching('disable', 'Stop pulling from an ingest source.'),
  {
    name: 'sources delete',
    summary: 'Delete an ingest source; it is disconnected within a second.',
    arguments: [STREAM_ARGUMENT, SOURCE_ARGUMENT],
    options: YES_OPTION,
    run: async (call) => {
      const { api, path } = await oneSource(call);
      await confirm(call, `Delete ${call.argument(1)}? Its stream stops.`);
      await api.delete(path);
      writeDone(call, `Deleted ${call.argument(1)}.`);
      return undefined;
    },
  },
];
