// What people are told when the server does not let them in, by the code of the refusal (docs/errors.md).

export interface Notice {
  readonly headline: string;
  readonly explanation: string;
}

const NEW_LINK = 'Ask the person who invited you for a new link.';

const REFUSALS: Readonly<Record<string, Notice>> = {
  bad_token: {
    headline: 'This link does not work',
    explanation: `It may be incomplete, or no longer valid. ${NEW_LINK}`,
  },
  token_expired: { headline: 'This link has expired', explanation: NEW_LINK },
  token_not_yet_valid: {
    headline: 'This link is not valid yet',
    explanation: 'It starts to work at a later time. Try again then.',
  },
  room_not_found: { headline: 'There is no such room', explanation: NEW_LINK },
  room_ended: { headline: 'The room has ended', explanation: 'The host has closed it.' },
  room_locked: {
    headline: 'The room is locked',
    explanation: 'New participants cannot join at the moment. Ask someone in the room to unlock it.',
  },
  banned: {
    headline: 'You were removed from the room',
    explanation: 'You can return only if the host lets you in again.',
  },
  room_full: {
    headline: 'The room is full',
    explanation: 'It has reached its limit of participants. Try again when one of them has left.',
  },
  tenant_suspended: { headline: 'The room is closed', explanation: 'The account it belongs to is suspended.' },
  quota: {
    headline: 'The server is at its limit',
    explanation: 'The account that this room belongs to has reached its limit. Try again later.',
  },
};

export const refusalWords = (code: string): Notice =>
  (Object.hasOwn(REFUSALS, code) ? REFUSALS[code] : undefined) ?? {
    headline: 'The server did not let you in',
    explanation: `Its answer was “${code}”. Try again; if that does not help, tell its operator.`,
  };
