// Every error this API answers with: one table for the answers, the OpenAPI document and the page that explains them.

/** Code → HTTP status, title, and what the caller can do about it. */
export const PROBLEM_CODES = {
  invalid_request: {
    status: 400,
    title: 'Invalid request',
    help: 'Correct the problems listed in `errors` and send the request again.',
  },
  malformed_body: {
    status: 400,
    title: 'Malformed body',
    help: 'Send one JSON object, nested at most 32 levels deep.',
  },
  invalid_cursor: {
    status: 400,
    title: 'Invalid cursor',
    help: 'Use `next_cursor` from the previous page, unchanged.',
  },
  unauthenticated: {
    status: 401,
    title: 'No valid key',
    help: 'Send `Authorization: Bearer <key>` with a valid key.',
  },
  key_expired: {
    status: 401,
    title: 'Key expired',
    help: 'Use the key that replaced it, or create another one.',
  },
  login_failed: {
    status: 401,
    title: 'Log-in failed',
    help: 'Check what you entered. A log-in link works once and for a short time: ask for another one.',
  },
  totp_required: {
    status: 401,
    title: 'One-time code required',
    help: 'Send the log-in again with `totp_code` from the authenticator app, or with a `recovery_code`.',
  },
  no_account: {
    status: 403,
    title: 'No account',
    help: 'Ask an owner of the tenant to invite this email address, or the operator of this server to allow its group or domain.',
  },
  insufficient_scope: {
    status: 403,
    title: 'Insufficient scope',
    help: 'Use a key with the scope that `detail` names, or ask the operator of this server for what requires the operator key.',
  },
  address_not_allowed: {
    status: 403,
    title: 'Address not allowed',
    help: 'Send the request from an address in `allowed_addresses` of the key, or have the operator change them.',
  },
  csrf_token_invalid: {
    status: 403,
    title: 'CSRF token invalid',
    help: 'Send `csrf_token` of `GET /v1/console_sessions/current` in the header X-CSRF-Token.',
  },
  cross_site_request: {
    status: 403,
    title: 'Cross-site request',
    help: 'Use an API key from other sites. A reverse proxy must pass on the Host header, or MILLRACE_PUBLIC_URL must be set.',
  },
  tenant_suspended: { status: 403, title: 'Tenant suspended', help: 'Ask the operator of this server.' },
  playback_disabled: {
    status: 403,
    title: 'Playback disabled',
    help: 'The stream is disabled, or its tenant suspended: playback resumes once that is undone.',
  },
  playback_quota_exceeded: {
    status: 403,
    title: 'Playback quota exceeded',
    help: 'The tenant has used the quota that `detail` names: have it raised, or try again when less of it is used.',
  },
  playback_token_invalid: {
    status: 401,
    title: 'Playback token invalid',
    help: 'Get a new playback token: this playback id is signed, and `detail` says what is wrong with the token.',
  },
  playback_token_expired: {
    status: 401,
    title: 'Playback token expired',
    help: 'Get a new playback token from the site that links to the stream.',
  },
  playback_token_used: {
    status: 401,
    title: 'Playback token used already',
    help: 'Get a new playback token: this one starts playback once (`single_use`), and has done so.',
  },
  signed_playback_required: {
    status: 403,
    title: 'Signed playback required',
    help: 'Use a signed playback id with a playback token: the tenant does not allow public ones (`require_signed_playback`).',
  },
  origin_not_allowed: {
    status: 403,
    title: 'Origin not allowed',
    help: 'Play the stream on a site that the token or its restriction allows.',
  },
  playback_not_allowed: {
    status: 403,
    title: 'Playback not allowed here',
    help: 'The restriction of the token does not allow this address, country or player; `detail` says which.',
  },
  viewer_session_revoked: {
    status: 403,
    title: 'Viewer session revoked',
    help: 'Get a new playback token with a higher `viewer_session_version`, if the tenant still issues one.',
  },
  stream_encrypted: {
    status: 403,
    title: 'Stream encrypted',
    help: 'Watch the stream by HLS: its segments are encrypted, and other protocols cannot carry that.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    help: 'Check the URL: there is nothing here that this key may access.',
  },
  stream_offline: {
    status: 404,
    title: 'Stream offline',
    help: 'Try again after `Retry-After`: the stream exists, but nothing is published to it.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    help: 'Use one of the methods in the `Allow` header.',
  },
  request_timeout: { status: 408, title: 'Request timeout', help: 'Send the complete request without pauses.' },
  conflict: { status: 409, title: 'Conflict', help: 'Get the resource again: its current state does not allow this.' },
  no_standby: {
    status: 409,
    title: 'No encoder waits',
    help: 'Connect the other encoder of the stream first: `standby` of the session says when it is `ready`.',
  },
  idempotency_in_progress: {
    status: 409,
    title: 'Still in progress',
    help: 'Send the same request again after `Retry-After`.',
  },
  quota_exceeded: {
    status: 409,
    title: 'Quota exceeded',
    help: 'Delete what you no longer need, or ask for a higher limit.',
  },
  idempotency_answer_gone: {
    status: 410,
    title: 'Answer no longer available',
    help: 'The request was carried out: get the object that `Location` names, or look for it in the list. A secret that is needed again must be rotated.',
  },
  link_invalid: {
    status: 410,
    title: 'Link invalid',
    help: 'The link was used already, was replaced by a newer one, or has expired: ask for another one.',
  },
  etag_mismatch: {
    status: 412,
    title: 'Changed meanwhile',
    help: 'Get the object again, apply the change to it, and send the new `ETag` in `If-Match`.',
  },
  body_too_large: { status: 413, title: 'Body too large', help: 'Send a smaller body: no request needs this much.' },
  uri_too_long: { status: 414, title: 'URL too long', help: 'Shorten the URL.' },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    help: 'Send `Content-Type: application/json`.',
  },
  range_not_satisfiable: { status: 416, title: 'Range not satisfiable', help: 'Request bytes within the file.' },
  idempotency_key_reused: {
    status: 422,
    title: 'Idempotency key reused',
    help: 'Use a new `Idempotency-Key` for each new request; repeat the same request with the same key.',
  },
  too_many_requests: { status: 429, title: 'Too many requests', help: 'Wait for the time given in `Retry-After`.' },
  headers_too_large: { status: 431, title: 'Headers too large', help: 'Send fewer and shorter headers.' },
  internal_error: { status: 500, title: 'Internal error', help: 'Try again; report it with the `request_id`.' },
  stream_not_live: {
    status: 503,
    title: 'Stream not live',
    help: 'Try again after `Retry-After`: the stream exists but is not live yet.',
  },
  too_many_viewers: {
    status: 503,
    title: 'Too many viewers',
    help: 'Try again after `Retry-After`, or watch by HLS.',
  },
  dependency_unavailable: { status: 503, title: 'Temporarily unavailable', help: 'Try again after `Retry-After`.' },
} as const satisfies Record<string, { status: number; title: string; help: string }>;

export type ProblemCode = keyof typeof PROBLEM_CODES;

/** The page that explains the codes. */
export const PROBLEM_PAGE = '/docs/errors';
