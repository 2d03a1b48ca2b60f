// What an encoder shows in an RTMP address in order to publish: a stream key, or an answer to a challenge.
import { isSecretKey, SecretPrefix } from '@millrace/domain';
import type { ShownCredentials } from '@millrace/ingest';
import { parseAdobeLogin, resolvePublishTarget } from '@millrace/protocol/rtmp';
import type { PublishRequest } from '@millrace/protocol/rtmp';

const isStreamKey = (text: string): boolean => isSecretKey(SecretPrefix.streamKey, text);

/** How the backup encoder of a stream says what it is, in what follows the name. */
const BACKUP = /[?&]backup=1(?:&|$)/;

export function shownCredentials({ connect, streamName }: PublishRequest): ShownCredentials {
  const encoder = connect.flashVer;
  const answer = parseAdobeLogin(connect.app);
  if (answer?.step === 'answer') {
    // The stream name beside a login is decoration, but for its parameters.
    const { user, opaque, clientChallenge, response } = answer;
    return {
      encoder,
      isBackup: BACKUP.test(streamName),
      login: { user: user.toWellFormed(), opaque, clientChallenge, response },
    };
  }
  const target = resolvePublishTarget({ app: connect.app, streamName }, undefined, isStreamKey);
  if (!('fault' in target)) {
    const { key, app, query } = target;
    return { encoder, key, app, isBackup: query.get('backup') === '1' };
  }
  const guess = target.fault === 'missing-key' ? undefined : `${connect.app}/${streamName}`;
  return { encoder, fault: target.description, guess };
}
