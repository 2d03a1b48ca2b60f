// FFmpeg 8 (PyAV) as the reader of any door: each coded frame that comes out, by a hash of what the encoder made, with its times.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PYAV } from '@millrace/tools/pyav';

const SCRIPT = join(import.meta.dirname, 'frame-reader.py');
/** How long what is not there yet is opened again and again. */
const OPEN_S = 40;

export interface ReadInput {
  readonly url: string;
  /** Options of FFmpeg. */
  readonly options?: Readonly<Record<string, string>>;
}

/** In seconds; null where FFmpeg has no time. */
export interface ReadFrame {
  readonly hash: string;
  readonly dts: number | null;
  readonly pts: number | null;
  readonly isKey: boolean;
}

export interface ReadTrack {
  readonly kind: 'video' | 'audio';
  readonly frames: readonly ReadFrame[];
}

export interface ReadResult {
  readonly error: string | null;
  readonly tracks: readonly ReadTrack[];
}

interface Printed extends Omit<ReadResult, 'tracks'> {
  readonly tracks: readonly {
    readonly kind: ReadTrack['kind'];
    readonly frames: readonly (readonly [string, number | null, number | null, boolean])[];
  }[];
}

/** Reads all of them at the same time, each to its end. */
export async function readFrames<Name extends string>(
  inputs: Readonly<Record<Name, ReadInput>>,
): Promise<Readonly<Record<Name, ReadResult>>> {
  const reader = spawn(PYAV.require(), [SCRIPT, String(OPEN_S), JSON.stringify(inputs)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [text, said] = ['', ''];
  reader.stdout.on('data', (data: Buffer) => (text += data.toString()));
  reader.stderr.on('data', (data: Buffer) => (said += data.toString()));
  const [code] = (await once(reader, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the reader ended with ${code}: ${said.slice(-2_000)}`);
  const printed = Object.entries(JSON.parse(text) as Record<Name, Printed>) as [Name, Printed][];
  const results = printed.map(([name, { error, tracks }]) => [
    name,
    {
      error,
      tracks: tracks.map(({ kind, frames }) => ({
        kind,
        frames: frames.map(([hash, dts, pts, isKey]) => ({ hash, dts, pts, isKey })),
      })),
    },
  ]);
  return Object.fromEntries(results) as Record<Name, ReadResult>;
}
