// What a newcomer needs to publish, to watch and to talk: kept in one file, since the database holds keys only as hashes.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { DataFolderError } from '../data-folder/data-folder-error.ts';

const quickstartSchema = z.object({
  /** The server to enter in an encoder; the stream key goes into a field of its own. */
  rtmp_url: z.string(),
  stream_key: z.string(),
  playback_url: z.string(),
  watch_url: z.string(),
  /** The demo room; files of older versions have none. */
  room_id: z.string().optional(),
  /** The page of the demo room with a token in it. */
  call_url: z.string().optional(),
  /** The stream of the demo clip: made by the first start that publishes it. */
  demo_stream_key: z.string().optional(),
  demo_playback_url: z.string().optional(),
  demo_watch_url: z.string().optional(),
  /** Logs in to the console once, for a short time after the start; files of older versions have none. */
  console_url: z.string().optional(),
  api_url: z.string(),
  api_key: z.string(),
  operator_key: z.string(),
});

export type Quickstart = z.infer<typeof quickstartSchema>;

export const quickstartFile = (folder: string): string => join(folder, 'quickstart.json');

/** @returns undefined when there is no such file. @throws {DataFolderError} when it is not what was written */
export function readQuickstart(file: string): Quickstart | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return quickstartSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const advice = 'delete it, and the next start creates a new demo stream';
    throw new DataFolderError(`${file} is damaged: ${advice}`, { cause: error });
  }
}

/** Writes it so that it is whole or not there, and only its owner can read it. */
export function writeQuickstart(file: string, quickstart: Quickstart): void {
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.new`;
  writeFileSync(draft, `${JSON.stringify(quickstart, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
}
