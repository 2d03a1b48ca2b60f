// What an encoder such as OBS meets: a connection, the handshake, and the words for a key that does not exist.
import { newSecretKey } from '@millrace/domain';
import { CliError } from '../command-line/cli-error.ts';
import { PublishRefused, EncoderConnection } from '../publishing/encoder-connection.ts';
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
    if (error instanceof PublishRefused) return judgeRefusal(name, server, error.words);
    if (error instanceof CliError)
      return fail(name, error.message, error.advice ?? 'Check that the port is that of RTMP.');
    throw error;
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
