// A live stream by its id, or by its name where that is unambiguous.
import { isId } from '@millrace/domain';
import { CliError, usageError } from '../command-line/cli-error.ts';
import { ExitCode } from '../command-line/exit-code.ts';
import type { ApiClient } from './api-client.ts';
import type { LiveStreamObject } from './objects.ts';

/** How many streams whose names contain the text are looked at. */
const MAX_CANDIDATES = 1_000;

/** @throws CliError when there is none, or more than one of that name */
export async function findStream(api: ApiClient, given: string): Promise<LiveStreamObject> {
  if (isId('str', given)) return api.get<LiveStreamObject>(`/v1/live_streams/${given}`);
  // The API looks for a part of the name.
  const { data } = await api.list<LiveStreamObject>('/v1/live_streams', { name: given }, MAX_CANDIDATES);
  const named = data.filter(({ name }) => name === given);
  const [stream] = named.length > 0 ? named : data.filter(({ name }) => name.toLowerCase() === given.toLowerCase());
  if (stream === undefined)
    throw new CliError(ExitCode.notFound, `there is no live stream with the name or id "${given}"`, {
      advice: 'List them with "millrace streams list".',
    });
  if (named.length > 1)
    throw usageError(
      `${named.length} live streams have the name "${given}"`,
      `Use an id: ${named.map(({ id }) => id).join(', ')}.`,
    );
  return stream;
}
