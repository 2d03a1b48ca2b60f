// The password of a relay credential: base64(HMAC-SHA-256(signing key, user name)), so that a tenant makes it in one line of any
// language, without asking the gateway (the recipe of draft-uberti-behave-turn-rest-00 section 2.2).
//
// SHA-256 rather than the SHA-1 of coturn's variant of that recipe: the draft leaves the hash open, clients never see which it is,
// and SHA-1 has to be gone from such uses by the end of 2030 (NIST). The same secret also signs join tokens; what is signed cannot
// be confused: a JWT's signing input has a dot (RFC 7515 section 5.1), a user name has none.
import { createHmac } from 'node:crypto';

export const relayPassword = (secret: string, username: string): string =>
  createHmac('sha256', secret).update(username).digest('base64');
