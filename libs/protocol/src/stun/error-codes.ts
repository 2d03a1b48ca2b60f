// The error codes of ERROR-CODE and their reasons, as the IANA registry has them.

export const StunErrorCode = {
  /** RFC 8489 section 14.8. */
  tryAlternate: 300,
  badRequest: 400,
  unauthenticated: 401,
  unknownAttribute: 420,
  staleNonce: 438,
  serverError: 500,
  /** RFC 8656 section 19. */
  forbidden: 403,
  allocationMismatch: 437,
  addressFamilyNotSupported: 440,
  wrongCredentials: 441,
  unsupportedTransportProtocol: 442,
  peerAddressFamilyMismatch: 443,
  allocationQuotaReached: 486,
  insufficientCapacity: 508,
  /** RFC 8016 section 3.4. */
  mobilityForbidden: 405,
  /** RFC 6062 section 6.3. */
  connectionAlreadyExists: 446,
  connectionTimeoutOrFailure: 447,
  /** RFC 8445 section 16.2. */
  roleConflict: 487,
} as const;
export type StunErrorCode = (typeof StunErrorCode)[keyof typeof StunErrorCode];

/** What the registry calls them. */
export const STUN_ERROR_REASONS: Readonly<Record<StunErrorCode, string>> = {
  300: 'Try Alternate',
  400: 'Bad Request',
  401: 'Unauthenticated',
  403: 'Forbidden',
  405: 'Mobility Forbidden',
  420: 'Unknown Attribute',
  437: 'Allocation Mismatch',
  438: 'Stale Nonce',
  440: 'Address Family not Supported',
  441: 'Wrong Credentials',
  442: 'Unsupported Transport Protocol',
  443: 'Peer Address Family Mismatch',
  446: 'Connection Already Exists',
  447: 'Connection Timeout or Failure',
  486: 'Allocation Quota Reached',
  487: 'Role Conflict',
  500: 'Server Error',
  508: 'Insufficient Capacity',
};
