import { connect } from '../api/connect.ts';
import { findStream } from '../api/find-stream.ts';
import type { SessionDetails, SessionObject } from '../api/objects.ts';
import type { CliCommand } from '../command-line/command.ts';
import { writeList, writeObject } from '../output/output.ts';
import type { TableColumn } from '../output/table.ts';
import { bitrate, keyframeInterval } from '../output/quantities.ts';
import { LIST_OPTIONS, limitOf } from './shared-options.ts';

const sent = ({ ingest }: SessionObject): number | undefined =>
  ingest === null ? undefined : ingest.video_bits_per_second + ingest.audio_bits_per_second;

const COLUMNS: readonly TableColumn<SessionObject>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'STREAM', value: ({ live_stream_id }) => live_stream_id },
  { title: 'STARTED', value: ({ started_at }) => started_at },
  { title: 'ENDED', value: ({ ended_at }) => ended_at },
  { title: 'BITRATE', value: (session) => bitrate(sent(session)), align: 'right' },
  { title: 'WARNINGS', value: ({ warnings }) => warnings.map(({ code }) => code).join(' '), shrinks: true },
];

export const sessionCommands: readonly CliCommand[] = [
  {
    name: 'sessions list',
    summary: 'List sessions: what encoders have published.',
    options: {
      status: { value: 'STATUS', choices: ['live', 'reconnecting', 'ended'], text: 'Only those with this status.' },
      stream: { value: 'STREAM', text: 'Only those of this live stream: its name or id.' },
      ...LIST_OPTIONS,
    },
    run: async (call) => {
      const api = connect(call);
      const stream = call.text('stream');
      const live_stream_id = stream === undefined ? undefined : (await findStream(api, stream)).id;
      const query = { status: call.text('status'), live_stream_id };
      writeList(call, await api.list<SessionObject>('/v1/sessions', query, limitOf(call)), COLUMNS);
      return undefined;
    },
  },
  {
    name: 'sessions get',
    summary: 'Show a session: codecs, bitrate, connections and warnings.',
    arguments: [{ name: 'SESSION_ID', text: 'Id of the session, ses_….' }],
    run: async (call) => {
      const session = await connect(call).get<SessionDetails>(`/v1/sessions/${encodeURIComponent(call.argument(0))}`);
      const { media, ingest } = session;
      writeObject(call, session, [
        ['id', session.id],
        ['live stream', session.live_stream_id],
        ['status', session.status],
        ['started', session.started_at],
        ['ended', session.ended_at],
        ['codecs', media?.codecs.join(', ')],
        ['size', media?.width === null || media === null ? undefined : `${media.width}×${media.height}`],
        ['video', bitrate(ingest?.video_bits_per_second)],
        ['audio', bitrate(ingest?.audio_bits_per_second)],
        ['frame rate', ingest?.frame_rate],
        ['keyframes', keyframeInterval(ingest?.keyframe_interval_seconds)],
        ...session.connections.map(
          ({ protocol, encoder, client_address, started_at, end_reason }): [string, string] => [
            'connection',
            [protocol, encoder, client_address, started_at, end_reason].filter(Boolean).join(', '),
          ],
        ),
        ...session.warnings.map(({ code, message }): [string, string] => ['warning', `${code}: ${message}`]),
      ]);
      return undefined;
    },
  },
];
