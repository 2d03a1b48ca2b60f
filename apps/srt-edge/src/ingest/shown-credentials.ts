// What an encoder shows in order to publish: a stream key in the stream id, or the id of one and keys that its passphrase has wrapped.
import { isId, isSecretKey, SecretPrefix } from '@millrace/domain';
import type { ShownCredentials } from '@millrace/ingest';
import { parseStreamId, SrtRejection } from '@millrace/protocol/srt';
import type { SrtRequest } from '@millrace/protocol/srt';

/** The name of the place that is published to, which paths of other protocols begin with. */
const PUBLISH_APP = 'live';

export type SrtCredentials =
  | { readonly shown: ShownCredentials }
  /** `words` are for the log: an encoder gets the reason only. */
  | { readonly rejection: SrtRejection; readonly words: string };

/** @returns what the authorizer is asked, or why there is nothing to ask */
export function credentialsOf({ streamId, keyMaterial, version }: SrtRequest): SrtCredentials {
  const encoder = `SRT ${version}`;
  if (streamId === '') return rejected(SrtRejection.badRequest, 'no stream id: set it to publish: and the stream key');
  const wanted = parseStreamId(streamId);
  if (wanted === undefined)
    return rejected(SrtRejection.badRequest, 'a stream id in no known form: it is publish: and the stream key');
  const parts = [...wanted.resource.split('/'), wanted.user ?? ''];
  const secret = parts.find((part) => isSecretKey(SecretPrefix.streamKey, part));
  const user = parts.find((part) => isId('skey', part));
  const isBackup = wanted.parameters.get('backup') === '1';
  if (keyMaterial === undefined) {
    // Refused by the gateway, which tells the tenant whose key it is.
    if (secret === undefined && user !== undefined)
      return { shown: { encoder, isBackup, passphrase: { user, ...NO_PROOF } } };
    // Text that is no key counts as a guess.
    return {
      shown: { encoder, isBackup, key: secret ?? wanted.resource.slice(0, MAX_SHOWN_LENGTH), app: PUBLISH_APP },
    };
  }
  if (user === undefined)
    return rejected(
      SrtRejection.badSecret,
      'a passphrase without the id of its stream key: name the key by its id (skey_…)',
    );
  const { salt, wrapped, keyBytes } = keyMaterial;
  const passphrase = {
    user,
    salt: salt.toString('base64'),
    wrapped: wrapped.toString('base64'),
    keyBytes,
  };
  return { shown: { encoder, isBackup, passphrase } };
}

/** What no passphrase has wrapped. */
const NO_PROOF = {
  salt: Buffer.alloc(16).toString('base64'),
  wrapped: Buffer.alloc(24).toString('base64'),
  keyBytes: 16,
};

/** Longer text than any key. */
const MAX_SHOWN_LENGTH = 256;

const rejected = (rejection: SrtRejection, words: string): SrtCredentials => ({ rejection, words });
