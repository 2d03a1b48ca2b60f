// Reads a live playlist as a player does, until there is enough of it to say that it works.
import { setTimeout as delay } from 'node:timers/promises';

/** ISO/IEC 13818-1 section 2.4.3.2: packets of 188 bytes that begin with 0x47. */
const PACKET_BYTES = 188;
const SYNC_BYTE = 0x47;

const SEGMENTS_WANTED = 2;
const POLL_MS = 500;

export class TrialError extends Error {
  override readonly name = 'TrialError';
}

/** @returns how many segments were read, and their bytes @throws {TrialError} when they do not come in time, or are none */
export async function probeHls(playlistUrl: string, timeoutMs: number): Promise<{ segments: number; bytes: number }> {
  const signal = AbortSignal.timeout(timeoutMs);
  const sizes = new Map<string, number>();
  let last = 'nothing was answered';
  while (sizes.size < SEGMENTS_WANTED) {
    try {
      const answer = await fetch(playlistUrl, { signal });
      const text = await answer.text();
      last = `${answer.status} ${text.slice(0, 200)}`;
      for (const uri of answer.ok ? segmentsOf(text) : []) {
        const address = new URL(uri, answer.url).href;
        if (!sizes.has(address)) sizes.set(address, await sizeOfSegment(address, signal));
      }
      await delay(POLL_MS, undefined, { signal });
    } catch (error) {
      if (error instanceof TrialError) throw error;
      if (signal.aborted)
        throw new TrialError(
          `${playlistUrl} had ${sizes.size} segments after ${timeoutMs} ms; the last answer was: ${last}`,
          { cause: error },
        );
      last = messageOf(error);
      await delay(POLL_MS);
    }
  }
  return { segments: sizes.size, bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0) };
}

/** RFC 8216 section 4.1: what is neither empty nor begins with # is a URI. */
const segmentsOf = (playlist: string): string[] =>
  playlist.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'));

async function sizeOfSegment(address: string, signal: AbortSignal): Promise<number> {
  const answer = await fetch(address, { signal });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (!answer.ok) throw new TrialError(`the segment ${address} was answered ${answer.status}`);
  if (bytes.length === 0 || bytes.length % PACKET_BYTES !== 0 || bytes[0] !== SYNC_BYTE)
    throw new TrialError(`the segment ${address} is no transport stream: ${bytes.length} bytes`);
  return bytes.length;
}

/** `fetch` says what went wrong in the cause. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
