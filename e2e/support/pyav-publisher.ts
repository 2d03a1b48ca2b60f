// FFmpeg 8 (PyAV) as an encoder with Enhanced RTMP: it publishes a test picture and a tone in real time, and keeps what it sends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PYAV } from '@millrace/tools/pyav';
import { temporaryFolder } from './temporary-folder.ts';

const SCRIPT = join(import.meta.dirname, 'pyav-publisher.py');

export interface PyavEncoders {
  /** Names of FFmpeg's encoders. */
  readonly video?: string;
  readonly audio?: string;
  readonly seconds: number;
}

/** @returns all packets that it sent, in a NUT file @throws when it was refused, with what it said */
export async function publishWithPyav(url: string, { video, audio, seconds }: PyavEncoders): Promise<Buffer> {
  const folder = temporaryFolder('pyav');
  const file = join(folder.path, 'sent.nut');
  try {
    const args = [SCRIPT, url, file, String(seconds), video ?? 'none', audio ?? 'none'];
    const encoder = spawn(PYAV.require(), args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    encoder.stderr.on('data', (data: Buffer) => (said += data.toString()));
    const [code] = (await once(encoder, 'close')) as [number | null];
    if (code !== 0) throw new Error(`PyAV ended with ${code}: ${said.slice(-2_000)}`);
    return readFileSync(file);
  } finally {
    folder.remove();
  }
}
