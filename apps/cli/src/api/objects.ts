// What this program reads of the API's objects. They are passed on whole: fields of later releases are kept.

export interface LiveStreamObject {
  readonly id: string;
  readonly tenant_id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly status: string;
  readonly active_session_id: string | null;
  readonly segment_target_seconds: number;
  readonly playlist_window_seconds: number;
  readonly reconnect_window_seconds: number;
  readonly latency_mode: string;
  readonly part_duration_seconds: number;
  readonly second_publisher: string;
  readonly ingest: { readonly server: string; readonly rtsp_url?: string | null; readonly srt_url?: string | null };
  readonly playback_ids: readonly {
    readonly id: string;
    readonly playback_url: string;
    readonly watch_url: string;
    readonly policy?: string;
  }[];
  readonly created_at: string;
}

export interface StreamKeyObject {
  readonly id: string;
  readonly name: string;
  readonly hint: string;
  readonly status: string;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
}

export interface StreamKeySecret extends StreamKeyObject {
  readonly key: string;
  readonly server: string;
  /** Servers of earlier releases do not say. */
  readonly has_srt_passphrase?: boolean;
}

export interface IngestSourceObject {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly enabled: boolean;
  readonly state: string;
  readonly state_since: string | null;
  readonly last_error: { readonly message: string; readonly at: string } | null;
}

export interface SimulcastTargetObject {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly state: string;
  readonly connected_at: string | null;
  readonly bytes_sent: number;
  readonly last_error: { readonly code: string; readonly message: string; readonly at: string } | null;
}

export interface SessionObject {
  readonly id: string;
  readonly live_stream_id: string;
  readonly status: string;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly warnings: readonly { readonly code: string; readonly message: string; readonly first_at: string }[];
  readonly ingest: {
    readonly frame_rate: number;
    readonly keyframe_interval_seconds: number | null;
    readonly video_bits_per_second: number;
    readonly audio_bits_per_second: number;
  } | null;
}

export interface SessionDetails extends SessionObject {
  readonly media: {
    readonly codecs: readonly string[];
    readonly width: number | null;
    readonly height: number | null;
  } | null;
  readonly connections: readonly {
    readonly protocol: string | null;
    readonly encoder: string | null;
    readonly client_address: string | null;
    readonly started_at: string;
    readonly end_reason: string | null;
  }[];
}

export interface TenantObject {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly max_live_streams: number;
  readonly max_rooms: number;
  readonly max_participants: number;
  readonly created_at: string;
}

export interface ApiKeyObject {
  readonly id: string;
  readonly tenant_id: string | null;
  readonly name: string;
  readonly hint: string;
  readonly scopes: readonly string[];
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
}

export interface ApiKeySecret extends ApiKeyObject {
  readonly key: string;
}

export interface EventObject {
  readonly id: string;
  readonly type: string;
  readonly created_at: string;
  readonly tenant_id: string;
  readonly data: { readonly object: Readonly<Record<string, unknown>> };
}

export interface UsageObject {
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
