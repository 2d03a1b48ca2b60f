// What was used: by hour, day or month, by tenant, stream and protocol.
import { connect } from '../api/connect.ts';
import { findStream } from '../api/find-stream.ts';
import type { UsageObject } from '../api/objects.ts';
import type { CliCall, CliCommand } from '../command-line/command.ts';
import { usageError } from '../command-line/cli-error.ts';
import { writeList } from '../output/output.ts';
import { byteSize } from '../output/quantities.ts';
import type { TableColumn } from '../output/table.ts';
import { LIST_OPTIONS, limitOf } from './shared-options.ts';

const GROUPS = ['hour', 'day', 'month', 'tenant', 'live_stream', 'protocol'] as const;

const hours = (seconds: number): string => (seconds / 3_600).toFixed(2);

const NUMBERS: readonly TableColumn<UsageObject>[] = [
  { title: 'INGEST H', value: ({ ingest_seconds }) => hours(ingest_seconds), align: 'right' },
  { title: 'INGEST', value: ({ ingest_bytes }) => byteSize(ingest_bytes), align: 'right' },
  { title: 'EGRESS', value: ({ egress_bytes }) => byteSize(egress_bytes), align: 'right' },
  { title: 'VIEWER H', value: ({ viewer_seconds }) => hours(viewer_seconds), align: 'right' },
  { title: 'RELAY', value: ({ relay_bytes }) => byteSize(relay_bytes), align: 'right' },
  { title: 'PARTICIPANT H', value: ({ participant_minutes }) => hours(participant_minutes * 60), align: 'right' },
];

/** A column for each thing that it is grouped by. */
function columnsOf(groups: readonly string[]): readonly TableColumn<UsageObject>[] {
  const length = groups.includes('hour') ? 16 : groups.includes('month') ? 7 : 10;
  return [
    { title: 'FROM', value: ({ from }) => from.slice(0, length).replace('T', ' ') },
    ...(groups.includes('tenant') ? [{ title: 'TENANT', value: (row: UsageObject) => row.tenant_id }] : []),
    ...(groups.includes('live_stream') ? [{ title: 'STREAM', value: (row: UsageObject) => row.live_stream_id }] : []),
    ...(groups.includes('protocol') ? [{ title: 'PROTOCOL', value: (row: UsageObject) => row.protocol }] : []),
    ...NUMBERS,
  ];
}

async function usage(call: CliCall): Promise<undefined> {
  const groups = call.texts('group-by').flatMap((text) => text.split(','));
  const unknown = groups.find((group) => !GROUPS.some((each) => each === group));
  if (unknown !== undefined) throw usageError(`--group-by must be of ${GROUPS.join(', ')}, not "${unknown}"`);
  const api = connect(call);
  const stream = call.text('stream');
  const query = {
    from: timeOf(call, 'from'),
    to: timeOf(call, 'to'),
    group_by: groups.length === 0 ? undefined : groups.join(','),
    tenant_id: call.text('tenant-id'),
    live_stream_id: stream === undefined ? undefined : (await findStream(api, stream)).id,
  };
  if (call.flag('csv'))
    for await (const piece of api.text('/v1/usage/export', query)) call.environment.stdout.write(piece);
  else writeList(call, await api.list<UsageObject>('/v1/usage', query, limitOf(call)), columnsOf(groups));
  return undefined;
}

/** A day is its first moment, in UTC. */
function timeOf(call: CliCall, option: string): string | undefined {
  const text = call.text(option);
  return text !== undefined && /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text;
}

export const usageCommand: CliCommand = {
  name: 'usage',
  summary: 'Show what was used: ingest, egress, viewers, relaying, rooms.',
  details: 'Of the last 24 hours when no times are given. Times are in UTC, and widened to whole hours.',
  options: {
    from: { value: 'TIME', text: 'First hour, such as 2026-11-01 or 2026-11-01T12:00:00Z.' },
    to: { value: 'TIME', text: 'End, likewise.' },
    'group-by': { value: 'WHAT', repeats: true, text: `Of ${GROUPS.join(', ')}; several with commas.` },
    stream: { value: 'STREAM', text: 'Only of this live stream: its name or id.' },
    'tenant-id': { value: 'ID', text: 'Whose; only with the operator key.' },
    csv: { text: 'Write it as CSV, all of it.' },
    ...LIST_OPTIONS,
    limit: { value: 'N', text: 'At most this many rows, oldest first; 100 by default.' },
  },
  examples: [
    'millrace usage --group-by day --from 2026-11-01',
    'millrace usage --csv --group-by month,tenant --operator',
  ],
  run: usage,
};
