// What the API answers with, as far as the pages show it. The OpenAPI document (/openapi.json) is the whole of it.

export type StreamState = 'idle' | 'connected' | 'active' | 'reconnecting' | 'disabled' | 'unknown';

export interface PlaybackLink {
  readonly id: string;
  readonly policy: 'public' | 'signed';
  readonly playback_url: string;
  readonly dash_url: string;
  readonly rtmp_url: string;
  readonly rtsp_url: string | null;
  readonly srt_url: string | null;
  readonly watch_url: string;
  readonly created_at: string;
}

export interface TenantStream {
  readonly id: string;
  readonly tenant_id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly status: StreamState;
  readonly active_session_id: string | null;
  readonly segment_target_seconds: number;
  readonly playlist_window_seconds: number;
  readonly reconnect_window_seconds: number;
  readonly latency_mode: 'standard' | 'low';
  readonly multitrack_max_tracks: number;
  readonly multitrack_max_height: number;
  readonly multitrack_max_bits_per_second: number;
  readonly second_publisher: 'refuse' | 'takeover';
  readonly encryption: 'none' | 'aes-128';
  readonly key_rotation_segments: number;
  /** null: no limit. */
  readonly max_duration_seconds: number | null;
  readonly ingest: {
    readonly server: string;
    readonly url_template: string;
    readonly rtsp_url: string | null;
    readonly srt_url: string | null;
  };
  readonly playback_ids: readonly PlaybackLink[];
  /** null while no encoder is connected. */
  readonly health: { readonly conditions: readonly HealthCondition[] } | null;
  readonly created_at: string;
}

export interface HealthCondition {
  readonly code: string;
  readonly message: string;
  readonly since: string;
}

/** One step of a session: what the encoder sent in it, and how many watched. */
export interface GraphSample {
  readonly at: string;
  readonly video_bits_per_second: number;
  readonly audio_bits_per_second: number;
  readonly frame_rate: number;
  readonly keyframe_interval_seconds: number | null;
  readonly av_drift_seconds: number | null;
  readonly dropped_frames: number;
  readonly viewers: number | null;
}

export interface HealthSeries {
  readonly from: string;
  readonly to: string;
  readonly step_seconds: number;
  readonly samples: readonly GraphSample[];
}

export interface StreamKey {
  readonly id: string;
  readonly name: string;
  readonly hint: string;
  readonly has_srt_passphrase: boolean;
  /** Whose key it is; null: one for encoders. */
  readonly ingest_source_id: string | null;
  readonly status: 'active' | 'expiring' | 'expired' | 'revoked';
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
}

/** With its secret: as the answers to create, rotate and reveal have it. */
export interface NewStreamKey extends StreamKey {
  readonly key: string;
  readonly server: string;
  /** For encoders that ask for a user name and a password. */
  readonly user: string;
  readonly password: string;
  /** null: this server has no address for them. */
  readonly login_server: string | null;
}

export interface ShownTarget {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly enabled: boolean;
  readonly state: 'disabled' | 'idle' | 'connecting' | 'connected' | 'waiting' | 'error';
  readonly connected_at: string | null;
  readonly bytes_sent: number;
  readonly last_error: { readonly code: string; readonly message: string; readonly at: string } | null;
}

export interface ShownSource {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly mode: 'always' | 'on_demand';
  readonly enabled: boolean;
  readonly state: 'disabled' | 'idle' | 'connecting' | 'live' | 'waiting' | 'unknown';
  readonly state_since: string | null;
  readonly last_error: { readonly message: string; readonly at: string } | null;
}

export interface PublishSession {
  readonly id: string;
  readonly live_stream_id: string;
  readonly status: 'live' | 'reconnecting' | 'ended';
  readonly started_at: string;
  readonly active_at: string | null;
  readonly ended_at: string | null;
  readonly segments: number | null;
  readonly warnings: readonly SessionProblem[];
  readonly ingest: {
    readonly measured_at: string;
    readonly frame_rate: number;
    readonly keyframe_interval_seconds: number | null;
    readonly video_bits_per_second: number;
    readonly audio_bits_per_second: number;
  } | null;
}

export interface SessionProblem {
  readonly code: string;
  readonly message: string;
  readonly first_at: string;
}

export type ShownEncoderRole = 'primary' | 'backup';

export interface PublishConnection {
  readonly role: ShownEncoderRole;
  readonly stream_key_id: string;
  readonly protocol: string | null;
  readonly encoder: string | null;
  readonly client_address: string | null;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly end_reason: string | null;
  readonly bytes: number | null;
  readonly video_frames: number | null;
  readonly audio_frames: number | null;
}

export interface PublishSessionDetails extends PublishSession {
  readonly media: {
    readonly codecs: readonly string[];
    readonly width: number | null;
    readonly height: number | null;
    readonly frame_rate: number | null;
    readonly average_bits_per_second: number;
  } | null;
  /** The encoder that waits. */
  readonly standby: {
    readonly role: ShownEncoderRole;
    readonly protocol: string | null;
    readonly encoder: string | null;
    readonly ready: boolean;
  } | null;
  readonly connections: readonly PublishConnection[];
}

export interface PlatformEvent {
  readonly id: string;
  readonly type: string;
  readonly created_at: string;
  readonly tenant_id: string;
  readonly data: { readonly object: Readonly<Record<string, unknown>> };
}

export interface WebhookEndpoint {
  readonly id: string;
  readonly tenant_id: string;
  readonly url: string;
  readonly description: string;
  readonly events: readonly string[];
  readonly enabled: boolean;
  readonly disabled_reason: 'request' | 'failing' | 'gone' | null;
  readonly failing_since: string | null;
  readonly created_at: string;
}

export interface NewWebhookEndpoint extends WebhookEndpoint {
  readonly secret: string;
}

export interface WebhookDelivery {
  readonly id: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly object_id: string;
  readonly status: 'pending' | 'succeeded' | 'failed';
  readonly attempt_count: number;
  readonly next_attempt_at: string | null;
  readonly last_status_code: number | null;
  readonly last_error: string | null;
  readonly created_at: string;
}

export interface DeliveryAttempt {
  readonly attempt: number;
  readonly url: string;
  readonly address: string | null;
  readonly started_at: string;
  readonly duration_ms: number;
  readonly status_code: number | null;
  readonly response_body: string;
  readonly error: string | null;
}

export interface WebhookDeliveryLog extends WebhookDelivery {
  readonly event: PlatformEvent;
  readonly attempts: readonly DeliveryAttempt[];
}

export interface Room {
  readonly id: string;
  readonly tenant_id: string;
  readonly name: string;
  readonly type: 'one_to_one' | 'group';
  readonly max_participants: number;
  readonly locked: boolean;
  readonly status: 'idle' | 'active' | 'ended';
  readonly participants: number | null;
  readonly created_at: string;
}

export interface RoomMember {
  readonly id: string;
  readonly identity: string | null;
  readonly name: string;
  readonly muted: { readonly audio: boolean; readonly video: boolean; readonly screen: boolean };
  readonly state: 'connected' | 'reconnecting';
  readonly joined_at: string;
}

export interface CallInvitation {
  readonly call_url: string;
  readonly expires_at: string;
}

export interface RestKey {
  readonly id: string;
  readonly tenant_id: string | null;
  readonly name: string;
  readonly hint: string;
  readonly scopes: readonly string[];
  readonly allowed_addresses: readonly string[];
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
  readonly last_used_address: string | null;
}

export interface NewRestKey extends RestKey {
  readonly key: string;
}

export interface Tenant {
  readonly id: string;
  readonly name: string;
  readonly status: 'active' | 'suspended' | 'deleted';
  readonly require_signed_playback: boolean;
  /** null: it is not deleted. */
  readonly purge_at: string | null;
  readonly max_live_streams: number;
  readonly max_rooms: number;
  readonly max_participants: number;
  readonly max_relay_allocations: number;
  readonly max_relay_bits_per_second: number;
  readonly created_at: string;
}

export interface StreamViewers {
  readonly viewers: number;
}

export type UserRole = 'operator' | 'owner' | 'member' | 'viewer';

export interface ConsoleUser {
  readonly id: string;
  readonly tenant_id: string | null;
  readonly email: string;
  readonly name: string;
  readonly role: UserRole;
  readonly status: 'invited' | 'active' | 'disabled';
  readonly totp_enabled: boolean;
  readonly last_login_at: string | null;
}

/** What a person chooses a password with. */
export interface PasswordLink {
  readonly url: string;
  readonly expires_at: string;
}

export interface InvitedUser extends ConsoleUser {
  readonly link: PasswordLink;
}

export interface AuditEvent {
  readonly id: string;
  readonly action: string;
  readonly object_id: string | null;
  readonly actor: {
    readonly type: 'operator_key' | 'api_key' | 'user';
    readonly id: string | null;
    readonly name: string | null;
  };
  readonly address: string;
  readonly request_id: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly created_at: string;
}

export interface UsageRow {
  readonly from: string;
  readonly tenant_id: string | null;
  readonly live_stream_id: string | null;
  readonly protocol: string | null;
  readonly ingest_seconds: number;
  readonly ingest_bytes: number;
  readonly egress_bytes: number;
  readonly viewer_seconds: number;
  readonly relay_bytes: number;
  readonly participant_minutes: number;
}

export interface TenantQuota {
  readonly name: string;
  /** null: unlimited. */
  readonly limit: number | null;
  /** null: not known now. */
  readonly used: number | null;
  readonly state: 'ok' | 'warning' | 'exceeded';
}

export interface TenantQuotaList {
  readonly quotas: readonly TenantQuota[];
}

export interface PlaybackKey {
  /** The `kid` of tokens. */
  readonly id: string;
  readonly tenant_id: string;
  readonly name: string;
  readonly algorithm: string;
  readonly public_key: string;
  readonly origin: 'generated' | 'imported';
  readonly status: 'active' | 'revoked';
  readonly last_used_at: string | null;
}

export interface NewPlaybackKey extends PlaybackKey {
  /** null: it was imported. */
  readonly private_key: string | null;
}

export interface PlaybackRestriction {
  readonly id: string;
  readonly tenant_id: string;
  readonly name: string;
  readonly allowed_origins: readonly string[];
  readonly allowed_addresses: readonly string[];
  readonly allowed_countries: readonly string[];
  readonly denied_countries: readonly string[];
  readonly denied_user_agents: readonly string[];
  readonly strict: boolean;
}

export interface ViewerRevocation {
  readonly viewer_id: string;
  readonly version_lte: number;
}

/** Of join tokens and relay passwords. */
export interface RoomSigningKey {
  readonly id: string;
  readonly tenant_id: string;
  readonly name: string;
  readonly hint: string;
  readonly status: 'active' | 'revoked';
  readonly last_used_at: string | null;
}

export interface NewRoomSigningKey extends RoomSigningKey {
  readonly key: string;
}

/** How long the server keeps each kind of record. */
export interface RetentionTimes {
  readonly events_seconds: number;
  readonly audit_events_seconds: number;
  readonly sessions_seconds: number;
  readonly session_health_seconds: number;
  readonly rooms_seconds: number;
  readonly deleted_tenants_seconds: number;
  readonly usage_seconds: number;
  readonly client_addresses_seconds: number;
}
