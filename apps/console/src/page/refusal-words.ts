// What people are told when the server does not let them in, by the code of the refusal (docs/errors.md).

export interface Words {
  readonly headline: string;
  readonly explanation: string;
}

const NEW_LINK = 'Ask whoever invited you for a new link.';

const REFUSALS: Readonly<Record<string, Words>> = {
  bad_token: {
    headline: 'This link does not work',
    explanation: `It may be incomplete, or no longer valid. ${NEW_LINK}`,
  },
  token_expired: { headline: 'This link has expired', explanation: NEW_LINK },
  token_not_yet_valid: {
    headline: 'It is too early',
    explanation: 'This link works from a later time on. Try again then.',
  },
  room_not_found: { headline: 'There is no such room', explanation: NEW_LINK },
  room_ended: { headline: 'The room was ended', explanation: 'Whoever runs it has closed it for everybody.' },
  room_locked: { headline: 'The room is locked', explanation: 'Nobody new may come in now. Ask somebody inside.' },
  banned: {
    headline: 'You were removed from this room',
    explanation: 'Whoever runs it has to let you in again.',
  },
  room_full: {
    headline: 'The room is full',
    explanation: 'As many people as it holds are in it. Try again when somebody has left.',
  },
  tenant_suspended: { headline: 'The room is closed', explanation: 'The account it belongs to is suspended.' },
  quota: {
    headline: 'The server is at its limit',
    explanation: 'The account this room belongs to has no place left. Try again later.',
  },
};

export const refusalWords = (code: string): Words =>
  (Object.hasOwn(REFUSALS, code) ? REFUSALS[code] : undefined) ?? {
    headline: 'The server did not let you in',
    explanation: `It said “${code}”. Try again; if it stays so, tell whoever runs it.`,
  };
