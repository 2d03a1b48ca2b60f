import { connect } from '../api/connect.ts';
import { findStream } from '../api/find-stream.ts';
import type { LiveStreamObject } from '../api/objects.ts';
import type { CliCall, CliCommand, CliOption } from '../command-line/command.ts';
import { writeDone, writeList, writeObject } from '../output/output.ts';
import type { TableColumn } from '../output/table.ts';
import {
  bodyOf,
  confirm,
  LIST_OPTIONS,
  limitOf,
  requireChange,
  STREAM_ARGUMENT,
  YES_OPTION,
} from './shared-options.ts';
import type { BodyField } from './shared-options.ts';

const COLUMNS: readonly TableColumn<LiveStreamObject>[] = [
  { title: 'NAME', value: ({ name }) => name, shrinks: true },
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'ID', value: ({ id }) => id },
  { title: 'CREATED', value: ({ created_at }) => created_at.slice(0, 10) },
];

const SETTINGS = {
  'segment-seconds': { value: 'S', text: 'Target duration of a segment.' },
  'window-seconds': { value: 'S', text: 'Length of the playlist window.' },
  'reconnect-seconds': { value: 'S', text: 'How long a session waits for an encoder that dropped.' },
  latency: {
    value: 'MODE',
    choices: ['standard', 'low'],
    text: 'How far viewers are behind: low is about two seconds. From the next session on.',
  },
  'part-seconds': { value: 'S', text: 'With low latency: how long a part of a segment lasts.' },
  'multitrack-tracks': { value: 'N', text: 'How many video tracks OBS is told to send at most.' },
  'multitrack-height': { value: 'N', text: 'Largest height that OBS is told, in pixels.' },
  'multitrack-bits': { value: 'N', text: 'Largest bitrate of all video tracks together that OBS is told.' },
  'second-publisher': { value: 'WHAT', choices: ['refuse', 'takeover'], text: 'What happens to a second encoder.' },
} as const satisfies Readonly<Record<string, CliOption>>;

const FIELDS: Readonly<Record<string, BodyField>> = {
  name: { field: 'name', kind: 'text' },
  'tenant-id': { field: 'tenant_id', kind: 'text' },
  'segment-seconds': { field: 'segment_target_seconds', kind: 'number' },
  'window-seconds': { field: 'playlist_window_seconds', kind: 'whole' },
  'reconnect-seconds': { field: 'reconnect_window_seconds', kind: 'number' },
  latency: { field: 'latency_mode', kind: 'text' },
  'part-seconds': { field: 'part_duration_seconds', kind: 'number' },
  'multitrack-tracks': { field: 'multitrack_max_tracks', kind: 'whole' },
  'multitrack-height': { field: 'multitrack_max_height', kind: 'whole' },
  'multitrack-bits': { field: 'multitrack_max_bits_per_second', kind: 'whole' },
  'second-publisher': { field: 'second_publisher', kind: 'text' },
};
const POLICY_OPTION = {
  'playback-policy': {
    value: 'POLICY',
    choices: ['public', 'signed'],
    text: 'Whether viewers of its first playback id need a token.',
  },
} as const satisfies Readonly<Record<string, CliOption>>;

const { name: NAME_FIELD, 'tenant-id': TENANT_FIELD, ...SETTING_FIELDS } = FIELDS;

const TENANT_OPTION = { 'tenant-id': { value: 'ID', text: 'Whose; only with the operator key.' } } as const;

const showStream = (call: CliCall, stream: LiveStreamObject): void =>
  writeObject(call, stream, [
    ['name', stream.name],
    ['id', stream.id],
    ['status', stream.status],
    ['session', stream.active_session_id],
    ['server for encoders', stream.ingest.server],
    ...stream.playback_ids.flatMap(({ playback_url, watch_url, policy }): [string, string][] => [
      ['watch', policy === 'signed' ? `${watch_url}?token=… (signed: viewers need a token)` : watch_url],
      ['playlist', playback_url],
    ]),
    ['segments', `${stream.segment_target_seconds} s, window of ${stream.playlist_window_seconds} s`],
    [
      'latency',
      stream.latency_mode === 'low' ? `low, parts of ${stream.part_duration_seconds} s` : stream.latency_mode,
    ],
    ['reconnect window', `${stream.reconnect_window_seconds} s`],
    ['second publisher', stream.second_publisher],
    ['created', stream.created_at],
  ]);

/** A POST without a body. @param name of the command @param path what follows the stream; undefined: the same */
const action = (name: string, summary: string, done: string, path = name): CliCommand => ({
  name: `streams ${name}`,
  summary,
  arguments: [STREAM_ARGUMENT],
  run: async (call) => {
    const api = connect(call);
    const { id } = await findStream(api, call.argument(0));
    const stream = await api.post<LiveStreamObject>(`/v1/live_streams/${id}/${path}`);
    if (call.json) showStream(call, stream);
    else writeDone(call, `${stream.name} ${done}`);
    return undefined;
  },
});

/** What is no object of JSON is a text. */
function dataOf(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return { text };
}

export const streamCommands: readonly CliCommand[] = [
  {
    name: 'streams list',
    summary: 'List live streams.',
    options: {
      status: {
        value: 'STATUS',
        choices: ['idle', 'connected', 'active', 'reconnecting', 'disabled'],
        text: 'Only those with this status.',
      },
      name: { value: 'TEXT', text: 'Only those whose names contain this.' },
      ...TENANT_OPTION,
      ...LIST_OPTIONS,
    },
    examples: ['millrace streams list --status active', "millrace streams list --json | jq -r '.data[].id'"],
    run: async (call) => {
      const query = { status: call.text('status'), name: call.text('name'), tenant_id: call.text('tenant-id') };
      writeList(call, await connect(call).list<LiveStreamObject>('/v1/live_streams', query, limitOf(call)), COLUMNS);
      return undefined;
    },
  },
  {
    name: 'streams get',
    summary: 'Show a live stream, with its addresses.',
    arguments: [STREAM_ARGUMENT],
    run: async (call) => {
      showStream(call, await findStream(connect(call), call.argument(0)));
      return undefined;
    },
  },
  {
    name: 'streams create',
    summary: 'Create a live stream.',
    details: 'Create a key for it with "millrace keys create".',
    arguments: [{ name: 'NAME', text: 'Its name; viewers see it.' }],
    options: { ...SETTINGS, ...POLICY_OPTION, ...TENANT_OPTION },
    run: async (call) => {
      const fields = {
        ...SETTING_FIELDS,
        'playback-policy': { field: 'playback_policy', kind: 'text' },
        'tenant-id': TENANT_FIELD!,
      } as const;
      const body = { name: call.argument(0), ...bodyOf(call, fields) };
      showStream(call, await connect(call).post<LiveStreamObject>('/v1/live_streams', body));
      return undefined;
    },
  },
  {
    name: 'streams update',
    summary: 'Change the name or settings of a live stream.',
    details: 'Settings take effect with the next session.',
    arguments: [STREAM_ARGUMENT],
    options: { name: { value: 'NAME', text: 'A new name.' }, ...SETTINGS },
    run: async (call) => {
      const body = bodyOf(call, { ...SETTING_FIELDS, name: NAME_FIELD! });
      requireChange(body);
      const api = connect(call);
      const { id } = await findStream(api, call.argument(0));
      showStream(call, await api.patch<LiveStreamObject>(`/v1/live_streams/${id}`, body));
      return undefined;
    },
  },
  action('enable', 'Let encoders publish a live stream again.', 'is enabled.'),
  action('disable', 'Refuse the keys of a live stream, and disconnect its encoder.', 'is disabled.'),
  action('end', 'End the current session; the keys keep working.', 'has ended its session.'),
  action(
    'switch',
    'Switch to the encoder that waits: the backup, or the first one again.',
    'switches to the encoder that waits.',
    'switch_encoder',
  ),
  {
    name: 'streams metadata',
    summary: 'Put timed metadata into a live stream, for its players.',
    arguments: [
      STREAM_ARGUMENT,
      { name: 'DATA', text: 'An object of JSON, or a text, which is sent as {"text": …}. At most 1 KiB.' },
    ],
    options: { name: { value: 'NAME', text: 'What players know it by.' } },
    examples: ['millrace streams metadata stage \'{"score":"2:1"}\''],
    run: async (call) => {
      const api = connect(call);
      const { id, name } = await findStream(api, call.argument(0));
      const body = { name: call.text('name'), data: dataOf(call.argument(1)) };
      const written = await api.post<Record<string, unknown>>(`/v1/live_streams/${id}/timed_metadata`, body);
      if (call.json)
        writeObject(
          call,
          written,
          Object.entries(written).map(([key, value]) => [key, String(value)]),
        );
      else writeDone(call, `Players of ${name} get it.`);
      return undefined;
    },
  },
  {
    name: 'streams delete',
    summary: 'Delete a live stream with its keys, playback ids and sessions.',
    arguments: [STREAM_ARGUMENT],
    options: YES_OPTION,
    run: async (call) => {
      const api = connect(call);
      const { id, name } = await findStream(api, call.argument(0));
      await confirm(call, `Delete the live stream "${name}" (${id}) and everything it has?`);
      await api.delete(`/v1/live_streams/${id}`);
      writeDone(call, `Deleted ${name}.`);
      return undefined;
    },
  },
];
