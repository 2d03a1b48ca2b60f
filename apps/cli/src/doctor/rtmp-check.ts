// What an encoder such as OBS meets: a connection, the handshake, and the words for a key that does not exist.
import { newId, newSecretKey } from '@millrace/domain';
import { CliError } from '../command-line/cli-error.ts';
import { RtmpRefused, EncoderConnection } from '../publishing/encoder-connection.ts';
import { CHECK_TIMEOUT_MS, fail, ok, warn } from './check.ts';
import type { CheckResult } from './check.ts';

export async function checkRtmp(name: string, server: URL): Promise<CheckResult> {
  // Well formed, so that it is looked up like a real one.
  const connection = new EncoderConnection({ server, streamKey: newSecretKey('mr_st') });
  try {
    await connection.accepted(CHECK_TIMEOUT_MS);
    return fail(
      name,
      `${server.href} accepts a key that does not exist`,
      'What listens there is not Millrace: check the address and the port.',
    );
  } catch (error) {
    if (error instanceof RtmpRefused) return judgeRefusal(name, server, error.words);
    if (error instanceof CliError)
      return fail(name, error.message, error.advice ?? 'Check that the port is that of RTMP.');
    throw error;
  } finally {
    await connection.end();
  }
}

/** What a player meets: the words for a playback id that does not exist. */
export async function checkRtmpPlay(name: string, encoders: URL): Promise<CheckResult> {
  const server = new URL('/play', encoders);
  const connection = new EncoderConnection({ server, streamKey: newId('pbk'), mode: 'play' });
  try {
    await connection.accepted(CHECK_TIMEOUT_MS);
    return fail(
      name,
      `${server.href} plays a playback id that does not exist`,
      'What listens there is not Millrace: check the address and the port.',
    );
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (!(error instanceof RtmpRefused))
      return fail(name, error.message, error.advice ?? 'Check that the port is that of RTMP.');
    const found = `${server.href}: a playback id that does not exist is refused: “${error.words}”`;
    return error.words.includes('no such playback id')
      ? ok(name, found)
      : warn(
          name,
          found,
          'The edge may not reach a gateway: check NATS and the gateways; or it serves no more players.',
        );
  } finally {
    await connection.end();
  }
}

function judgeRefusal(name: string, server: URL, words: string): CheckResult {
  if (words.startsWith('bad key:'))
    return ok(name, `OBS connects with Server ${server.href}; a wrong key is refused: “${words}”`);
  const advice = words.startsWith('unavailable:')
    ? 'The edge does not reach a gateway: check NATS and the gateways.'
    : 'See docs/errors.md for this refusal; after several wrong keys from one address, wait a minute.';
  return warn(name, `OBS connects with Server ${server.href}; a wrong key is refused with: “${words}”`, advice);
}
