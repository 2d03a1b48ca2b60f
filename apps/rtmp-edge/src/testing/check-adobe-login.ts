// How the gateway of a test checks logins: as real ones do.
import type { LoginCheck } from '@millrace/ingest/testing';
import { adobeDigest } from '@millrace/protocol/rtmp';

export const checkAdobeLogin: LoginCheck = ({ user, opaque, clientChallenge, response }, key, salt) =>
  adobeDigest({ user, password: key, salt, opaque, clientChallenge }).toString('base64') === response;
