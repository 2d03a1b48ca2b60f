// What an encoder shows in order to publish, read out of whatever its protocol has for that.
import type { PublishLogin } from '@millrace/control';

/** What an encoder calls itself, as it says. */
interface OfEncoder {
  readonly encoder: string;
}

export type ShownCredentials = OfEncoder &
  (
    | {
        /** What was given in place of a stream key; the authorizer checks whether it is one. */
        readonly key: string;
        /** What was asked for beside the key. */
        readonly app: string;
      }
    /** A proof that the encoder has a key, without the key: an answer to a challenge. */
    | { readonly login: Omit<PublishLogin, 'attempt'> }
    | {
        /** Why there is no key in what was sent: for the person at the encoder, without anything that the encoder chose. */
        readonly fault: string;
        /** What was sent instead of a key: it counts as a guess. Undefined when nothing was. */
        readonly guess: string | undefined;
      }
  );
