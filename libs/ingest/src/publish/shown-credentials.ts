// The credentials that an encoder presents in order to publish, extracted from its protocol.
import type { PublishLogin, PublishPassphrase } from '@millrace/control';

/** The name that the encoder gave itself. */
interface OfEncoder {
  readonly encoder: string;
  /** It says that it is the backup of the stream. */
  readonly isBackup?: boolean;
}

export type ShownCredentials = OfEncoder &
  (
    | {
        /** The text in the place of a stream key; the authorizer checks whether it is one. */
        readonly key: string;
        /** The app that was requested with the key. */
        readonly app: string;
      }
    /** Proof that the encoder has a key, without the key: the answer to a challenge. */
    | { readonly login: Omit<PublishLogin, 'attempt'> }
    /** Proof that the encoder has the passphrase of a key. */
    | { readonly passphrase: PublishPassphrase }
    | {
        /** Why there is no key, for the person at the encoder; contains nothing that the encoder chose. */
        readonly fault: string;
        /** The text sent instead of a key, which counts as a guess. Undefined if there was none. */
        readonly guess: string | undefined;
      }
  );
