// Follows events.
import { connect } from '../api/connect.ts';
import { followEvents } from '../api/follow-events.ts';
import type { EventObject } from '../api/objects.ts';
import { usageError } from '../command-line/cli-error.ts';
import type { CliCall, CliCommand } from '../command-line/command.ts';
import { ExitCode } from '../command-line/exit-code.ts';
import { styled, writeJson, writeLine } from '../output/output.ts';
import { printable } from '../output/printable.ts';

/** `live_stream.*` is every type of one kind. */
const matches = (type: string, filters: readonly string[]): boolean =>
  filters.length === 0 ||
  filters.some((filter) => filter === type || (filter.endsWith('.*') && type.startsWith(filter.slice(0, -1))));

/** What is worth a place on the line, in this order. */
const TOLD = ['name', 'reason', 'code', 'identity', 'kind', 'session_id'];

export function formatEvent({ created_at, type, data: { object } }: EventObject): string {
  const told = TOLD.flatMap((field) => {
    const value = object[field];
    return typeof value === 'string' && value !== '' ? [field === 'name' ? value : `${field}=${value}`] : [];
  });
  const warning = object['warning'];
  if (typeof warning === 'object' && warning !== null && 'message' in warning && typeof warning.message === 'string')
    told.push(warning.message);
  const id = typeof object['id'] === 'string' ? object['id'] : '';
  return printable([created_at, type.padEnd(26), id, ...told].filter(Boolean).join('  '));
}

async function tail(call: CliCall): Promise<ExitCode | undefined> {
  const { environment } = call;
  const { stdout, stderr, stop } = environment;
  const filters = call.texts('type');
  const bad = filters.find((filter) => !/^[a-z_]+\.([a-z_]+|\*)$/.test(filter));
  if (bad !== undefined) throw usageError(`--type must be an event type or the like of "live_stream.*", not "${bad}"`);
  const wanted = call.number('count', { min: 1 });
  const [only] = filters;
  const type = filters.length === 1 && only !== undefined && !only.endsWith('*') ? only : undefined;
  let count = 0;
  let opened = false;
  const events = followEvents(connect(call), {
    query: { type, object_id: call.text('object') },
    after: call.text('after'),
    stop,
    onOpen: () => {
      if (!opened) writeLine(stderr, 'Following events; Ctrl-C ends it.');
      opened = true;
    },
    onPause: (reason, pauseMs) =>
      writeLine(stderr, `millrace: ${printable(reason)}; trying again in ${(pauseMs / 1_000).toFixed(1)} s`),
  });
  for await (const event of events) {
    if (!matches(event.type, filters)) continue;
    if (call.json) writeJson(call, event);
    else writeLine(stdout, formatEvent(event).replace(event.type, styled(event.type, 'bold', stdout, environment)));
    if (++count === wanted) return undefined;
  }
  return ExitCode.interrupted;
}

export const tailCommand: CliCommand = {
  name: 'tail',
  summary: 'Follow events as they happen.',
  details:
    'Reconnects when the connection drops, and continues after the last event that it has written: none is missed and none is written twice. Ctrl-C ends it.',
  options: {
    type: {
      value: 'TYPE',
      repeats: true,
      text: 'Only this type, such as live_stream.active or live_stream.*; may be repeated.',
    },
    object: { value: 'ID', text: 'Only events of this live stream, room or other object.' },
    after: { value: 'EVENT_ID', text: 'Begin after this event instead of with the next new one.' },
    count: { value: 'N', text: 'End after this many events.' },
  },
  examples: [
    "millrace tail --type 'live_stream.*'",
    'millrace tail --json --type live_stream.rejected | jq .data.object',
  ],
  run: tail,
};
