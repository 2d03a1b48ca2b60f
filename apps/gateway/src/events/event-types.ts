// Every type of event: one table for the API, the OpenAPI document and the docs.

/** Type → when it happens. */
export const EVENT_TYPES = {
  'live_stream.created': 'A live stream was created.',
  'live_stream.updated': 'The name or settings of a live stream were changed.',
  'live_stream.deleted': 'A live stream was deleted.',
  'live_stream.enabled': 'A live stream was enabled.',
  'live_stream.disabled': 'A live stream was disabled.',
  'live_stream.connected': 'An encoder connected and its key was accepted.',
  'live_stream.active': 'The first segment is listed: viewers can watch.',
  'live_stream.rejected':
    'An encoder with a key of this stream was refused; `reason` says why. Once a minute for each reason.',
  'live_stream.disconnected': 'The encoder disconnected; `reason` says why.',
  'live_stream.reconnected': 'An encoder returned within the reconnect window.',
  'live_stream.standby_connected':
    'An encoder connected, or made way for another one, and waits: `role` says which of the two it is.',
  'live_stream.standby_disconnected': 'The encoder that waited disconnected; `reason` says why.',
  'live_stream.switched':
    'The encoder that waited publishes now; `reason` says why: the other one has `stopped`, was `removed`, or it was `requested`.',
  'live_stream.idle': 'The session is over; how long it lasted, its segments, connections and bytes.',
  'live_stream.health_degraded': 'Something is wrong with what the encoder sends; `warning` says what, and what to do.',
  'live_stream.health_recovered': 'It is over; `lasted_seconds` says how long it lasted.',
  'stream_key.created': 'A stream key was created.',
  'stream_key.rotated': 'A stream key was replaced; the old one is valid until the grace period ends.',
  'stream_key.expiring': 'A stream key expires within a day (MILLRACE_STREAM_KEY_EXPIRING_MS).',
  'stream_key.revoked': 'A stream key was revoked.',
  'simulcast_target.created': 'A simulcast target was created.',
  'simulcast_target.updated': 'The address, key, name or switch of a simulcast target was changed.',
  'simulcast_target.deleted': 'A simulcast target was deleted.',
  'simulcast_target.connected': 'A simulcast target accepts the stream.',
  'simulcast_target.failed':
    'A stream cannot be sent to a simulcast target; `error` says why. Once for each outage, until it accepts the stream again.',
  'ingest_source.created': 'An ingest source was created.',
  'ingest_source.updated': 'The address, credentials, mode, name or switch of an ingest source was changed.',
  'ingest_source.deleted': 'An ingest source was deleted.',
  'ingest_source.connected': 'Media of an ingest source flows: it is published.',
  'ingest_source.disconnected': 'An ingest source that was published no longer is; `error` says why.',
  'ingest_source.failed':
    'An ingest source cannot be pulled; `error` says why. Once for each outage, until it is connected.',
  'signing_key.created': 'A signing key was created.',
  'signing_key.deleted': 'A signing key was revoked.',
  'playback_key.created': 'A playback key was created or imported.',
  'playback_key.deleted': 'A playback key was revoked.',
  'viewer_session.revoked': 'The sessions of a viewer were revoked.',
  'room.started': 'The first participant joined a room.',
  'room.finished': 'The last participant left a room.',
  'usage.recorded': 'An hour is over: what the tenant has used in it. Only where it has used anything.',
  'quota.threshold_reached': 'A tenant uses 80 % of a quota, or more. Once, until it uses less than 75 %.',
  'quota.exceeded': 'A tenant uses all of a quota. Once, until it uses less than 95 %.',
  'ice.quota_exceeded': 'Relays have refused allocations because a quota of the tenant was reached. Once an hour.',
  'participant.joined': 'A participant joined a room.',
  'participant.left': 'A participant left a room, or was put out; `reason` says why.',
  'participant.connection_aborted': 'The connection of a participant broke, and it did not return in time.',
  'track.published': 'A participant sends audio, video or its screen, by its own account.',
  'track.unpublished': 'A participant no longer sends it.',
  'webhook_endpoint.disabled': 'An endpoint was disabled after five days of failures, or because it answered 410.',
  'webhook_endpoint.test': 'Requested with `POST /v1/webhook_endpoints/{id}/test`; sent only to that endpoint.',
} as const satisfies Record<string, string>;

export type EventType = keyof typeof EVENT_TYPES;

export const eventTypes = Object.keys(EVENT_TYPES) as [EventType, ...EventType[]];

/** What an endpoint may ask for: a type, every type of one resource such as `live_stream.*`, or `*`. */
export const eventFilters: readonly string[] = [
  '*',
  ...new Set(eventTypes.map((type) => `${type.split('.', 1)[0]}.*`)),
  ...eventTypes,
];

/** The filters that an event of this type passes. */
export const filtersOf = (type: EventType): readonly string[] => ['*', `${type.split('.', 1)[0]}.*`, type];
