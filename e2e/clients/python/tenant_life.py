"""A tenant's life by the client that openapi-python-client makes of the OpenAPI document. Prints a line for each request."""

import sys
import time
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import httpx
from millrace_api import AuthenticatedClient, Client
from millrace_api import models
from millrace_api.types import Unset

base_url, operator_key = sys.argv[1:]


class Api:
    """One function of the client after another, with one key."""

    def __init__(self, key: str) -> None:
        self.client = AuthenticatedClient(
            base_url=base_url,
            token=key,
            raise_on_unexpected_status=True,
            httpx_args={"event_hooks": {"request": [self.log]}},
        )

    @staticmethod
    def log(request: httpx.Request) -> None:
        print(request.method, request.url.path)

    def call(self, function: str, *path: str, **rest: Any) -> Any:
        """What the client makes of the answer: a model, None without a body, or a Problem."""
        module = import_module(f"millrace_api.api.{function}")
        answer = module.sync_detailed(*path, client=self.client, **rest)
        assert (answer.status_code >= 400) == isinstance(answer.parsed, models.Problem), (function, answer)
        return answer.parsed

    def ok(self, function: str, *path: str, **rest: Any) -> Any:
        answer = self.call(function, *path, **rest)
        assert not isinstance(answer, models.Problem), (function, answer)
        return answer

    def refused(self, function: str, *path: str, **rest: Any) -> models.Problem:
        answer = self.call(function, *path, **rest)
        assert isinstance(answer, models.Problem), (function, answer)
        return answer

    def soon_refused(self, function: str, *path: str) -> models.Problem:
        """A takedown reaches every gateway within a second."""
        deadline = time.monotonic() + 1
        while not isinstance(answer := self.call(function, *path), models.Problem):
            assert time.monotonic() < deadline, (function, answer)
        return answer


class Browser(Api):
    """A console session: cookies and the CSRF token instead of a key."""

    def __init__(self, body: Any) -> None:
        self.client = Client(
            base_url=base_url,
            raise_on_unexpected_status=True,
            httpx_args={"event_hooks": {"request": [self.log]}},
        )
        self.session = self.ok("console_sessions.post_console_sessions", body=body)
        self.client.get_httpx_client().headers["X-CSRF-Token"] = self.session.csrf_token


operator = Api(operator_key)
tenant = operator.ok("tenants.post_tenants", body=models.CreateTenant(name="Python"))
assert tenant.max_live_streams == 10
assert tenant.id in [each.id for each in operator.ok("tenants.get_tenants", limit=100).data]
operator.ok("tenants.patch_tenants_tenant_id", tenant.id, body=models.UpdateTenant(max_live_streams=3))
assert operator.ok("tenants.get_tenants_tenant_id", tenant.id).max_live_streams == 3

in_an_hour = datetime.now(UTC) + timedelta(hours=1)
created = operator.ok(
    "api_keys.post_api_keys", body=models.CreateApiKey(tenant_id=tenant.id, name="key", expires_at=in_an_hour)
)
assert [each.id for each in operator.ok("api_keys.get_api_keys", tenant_id=tenant.id).data] == [created.id]
lesser = operator.ok(
    "api_keys.post_api_keys",
    body=models.CreateApiKey(
        tenant_id=tenant.id, name="lesser", scopes=["rooms:read"], allowed_addresses=["192.0.2.0/24"]
    ),
)
assert Api(lesser.key).refused("rooms.get_rooms").code == models.ProblemCode.ADDRESS_NOT_ALLOWED
operator.ok("api_keys.patch_api_keys_api_key_id", lesser.id, body=models.UpdateApiKey(allowed_addresses=[]))
assert Api(lesser.key).ok("rooms.get_rooms").data == []
assert Api(lesser.key).refused("live_streams.get_live_streams").code == models.ProblemCode.INSUFFICIENT_SCOPE
successor = operator.ok(
    "api_keys.post_api_keys_api_key_id_rotate", lesser.id, body=models.RotateApiKey(grace_seconds=0)
)
assert successor.scopes == ["rooms:read"]
expires_at = operator.ok("api_keys.get_api_keys_api_key_id", created.id).expires_at
assert abs(expires_at - in_an_hour) < timedelta(seconds=1)
api = Api(created.key)
assert [each.id for each in api.ok("tenants.get_tenants").data] == [tenant.id]

# Users: one is invited, sets a password, logs in, and uses an authenticator app.
email, password = "ada@python.example", "a quiet river bends"
users = "users.{}_users_user_id"
invited = operator.ok(
    "users.post_users", body=models.CreateUser(tenant_id=tenant.id, email=email, role=models.CreateUserRole.MEMBER)
)
inspected = operator.ok("users.post_user_links_inspect", body=models.InspectUserLink(token=invited.link.token))
assert inspected.tenant_name == tenant.name
accept = models.AcceptUserLink(token=invited.link.token, password=password)
assert operator.ok("users.post_user_links_accept", body=accept).email == email
assert operator.refused("users.post_user_links_accept", body=accept).code == models.ProblemCode.LINK_INVALID
# This server has no identity provider.
assert operator.refused("console_sessions.post_oidc_logins").code == models.ProblemCode.NOT_FOUND
browser = Browser(models.CreateConsoleSession(email=email, password=password))
assert browser.ok("console_sessions.get_console_sessions_current").user.id == invited.id
assert browser.refused("users.get_users").code == models.ProblemCode.INSUFFICIENT_SCOPE
enrolled = browser.ok(f"{users.format('post')}_totp", invited.id, body=models.EnrolTotp(password=password))
assert enrolled.secret in enrolled.otpauth_url
wrong = browser.refused(f"{users.format('post')}_totp_verify", invited.id, body=models.VerifyTotp(code="000000"))
assert wrong.code == models.ProblemCode.LOGIN_FAILED
browser.ok(f"{users.format('post')}_totp_disable", invited.id, body=models.DisableTotp(password=password))
change = models.ChangePassword(current_password=password, new_password=f"{password} again")
browser.ok(f"{users.format('post')}_password", invited.id, body=change)
browser.ok("console_sessions.delete_console_sessions_current")
login = api.ok("console_sessions.post_console_logins")
by_link = Browser(models.CreateConsoleSession(login_code=login.login_code))
own = by_link.ok("console_sessions.get_console_sessions").data
assert [(each.id, each.current) for each in own] == [(by_link.session.id, True)]
api.ok("console_sessions.delete_console_sessions_console_session_id", by_link.session.id)
assert operator.ok(f"{users.format('post')}_password_link", invited.id).url.startswith("http")
viewer = models.UpdateUser(role=models.UpdateUserRole.VIEWER)
assert operator.ok(users.format("patch"), invited.id, body=viewer).role == models.UserRole.VIEWER
assert operator.ok(users.format("get"), invited.id).totp_enabled is False
assert len(api.ok("users.get_users").data) == 1
operator.ok(f"{users.format('delete')}_totp", invited.id)
operator.ok(users.format("delete"), invited.id)

# Streams, their keys, their playback ids.
stream = api.ok(
    "live_streams.post_live_streams",
    body=models.CreateLiveStream(name="concert", second_publisher=models.CreateLiveStreamSecondPublisher.TAKEOVER),
)
api.ok(
    "live_streams.patch_live_streams_live_stream_id",
    stream.id,
    body=models.UpdateLiveStream(playlist_window_seconds=60),
)
idle = api.ok("live_streams.get_live_streams", status=models.GetLiveStreamsStatus.IDLE, name="concert")
assert [(each.id, each.playlist_window_seconds) for each in idle.data] == [(stream.id, 60)]
quiet = api.ok("live_streams.get_live_streams_live_stream_id", stream.id)
assert (quiet.active_session_id, quiet.last_error, quiet.ingest.key_hint) == (None, None, None)
for_obs = api.ok("multitrack_video.get_live_streams_live_stream_id_client_configuration", stream.id, width=1280, height=720)
assert (for_obs.status.result, for_obs.encoder_configurations[0].height) == ("success", 720)
stream_keys = "stream_keys.{}_live_streams_live_stream_id_stream_keys"
one_key = f"{stream_keys}_stream_key_id"
key = api.ok(stream_keys.format("post"), stream.id, body=models.CreateStreamKey())
assert key.key.startswith("mr_st_")
as_obs = api.ok("multitrack_video.post_get_client_configuration", body=models.ClientConfigurationRequest(authentication=key.key))
assert as_obs.encoder_configurations[0].height == 1080
assert api.ok(f"{one_key.format('post')}_reveal", stream.id, key.id).key == key.key
assert api.ok("live_streams.get_live_streams_live_stream_id", stream.id).ingest.key_hint == key.key[-4:]
rotated = api.ok(f"{one_key.format('post')}_rotate", stream.id, key.id, body=models.RotateStreamKey(grace_seconds=60))
assert api.ok(one_key.format("get"), stream.id, key.id).status == models.StreamKeyStatus.EXPIRING
api.ok(one_key.format("delete"), stream.id, key.id)
found = api.ok(stream_keys.format("get"), stream.id).data
assert [(each.id, each.status.value) for each in found] == [(rotated.id, "active"), (key.id, "revoked")]
sources = "ingest_sources.{}_live_streams_live_stream_id_ingest_sources"
one_source = f"{sources}_ingest_source_id"
camera = models.CreateIngestSource(url="rtsp://viewer:secret@camera.example.com/door", enabled=False)
source = api.ok(sources.format("post"), stream.id, body=camera)
assert (source.url, source.has_credentials) == ("rtsp://camera.example.com/door", True)
renamed = api.ok(one_source.format("patch"), stream.id, source.id, body=models.UpdateIngestSource(name="Front door"))
assert (renamed.name, renamed.state.value) == ("Front door", "disabled")
assert [each.id for each in api.ok(sources.format("get"), stream.id).data] == [source.id]
assert api.ok(one_source.format("get"), stream.id, source.id).last_error is None
api.ok(one_source.format("delete"), stream.id, source.id)
targets = "simulcast_targets.{}_live_streams_live_stream_id_simulcast_targets"
one_target = f"{targets}_simulcast_target_id"
youtube = models.CreateSimulcastTarget(url="rtmp://a.rtmp.youtube.com/live2", stream_key="abcd-1234")
target = api.ok(targets.format("post"), stream.id, body=youtube)
assert (target.url, target.state.value, target.last_error) == ("rtmp://a.rtmp.youtube.com/live2", "idle", None)
off = models.UpdateSimulcastTarget(enabled=False)
assert api.ok(one_target.format("patch"), stream.id, target.id, body=off).state.value == "disabled"
assert api.ok(one_target.format("get"), stream.id, target.id).enabled is False
assert len(api.ok(targets.format("get"), stream.id).data) == 1
api.ok(one_target.format("delete"), stream.id, target.id)
playback_ids = "playback_ids.{}_live_streams_live_stream_id_playback_ids"
playback = api.ok(
    playback_ids.format("post"), stream.id, body=models.CreatePlaybackId(policy=models.CreatePlaybackIdPolicy.PUBLIC)
)
assert len(api.ok(playback_ids.format("get"), stream.id).data) == 2
played = api.ok(f"{playback_ids.format('get')}_playback_id", stream.id, playback.id)
assert played.playback_url == playback.playback_url
assert operator.ok("playback.get_watch_info", playback.id).live is False
playing = api.ok("playback_ids.get_playback_playback_id", playback.id)
assert (playing.status.value, playing.media, playing.urls.hls) == ("idle", None, playback.playback_url)

# Signed playback: no token, no picture.
secret = api.ok(
    playback_ids.format("post"), stream.id, body=models.CreatePlaybackId(policy=models.CreatePlaybackIdPolicy.SIGNED)
)
for by_token in ("get_watch_info", "create_short_token"):
    unseen = operator.refused(f"playback.{by_token}", secret.id, token="x")
    assert unseen.code == models.ProblemCode.PLAYBACK_TOKEN_INVALID
playback_keys = "playback_keys.{}_playback_keys"
playback_key = api.ok(
    playback_keys.format("post"), body=models.CreatePlaybackKey(algorithm=models.CreatePlaybackKeyAlgorithm.ES256)
)
assert "PRIVATE KEY" in playback_key.private_key
assert api.ok(f"{playback_keys.format('get')}_playback_key_id", playback_key.id).algorithm.value == "ES256"
api.ok(f"{playback_keys.format('delete')}_playback_key_id", playback_key.id)
assert api.ok(playback_keys.format("get")).data[0].status == models.PlaybackKeyStatus.REVOKED
restrictions = "playback_restrictions.{}_playback_restrictions"
one_restriction = f"{restrictions}_playback_restriction_id"
allowed = models.CreatePlaybackRestriction(allowed_origins=["https://*.example.com"])
restriction = api.ok(restrictions.format("post"), body=allowed)
denied = models.UpdatePlaybackRestriction(denied_countries=["FR"])
api.ok(one_restriction.format("patch"), restriction.id, body=denied)
narrowed = api.ok(one_restriction.format("get"), restriction.id)
assert (narrowed.allowed_origins, narrowed.denied_countries) == (["https://*.example.com"], ["FR"])
assert len(api.ok(restrictions.format("get")).data) == 1
api.ok(one_restriction.format("delete"), restriction.id)
watching = api.ok("viewers.get_live_streams_live_stream_id_viewers", stream.id)
assert (watching.viewers, len(watching.playback_ids)) == (0, 3)
score = models.PutTimedMetadata.from_dict({"name": "score", "data": {"home": 2, "away": 1}})
put_metadata = "live_streams.post_live_streams_live_stream_id_timed_metadata"
assert api.refused(put_metadata, stream.id, body=score).code == models.ProblemCode.STREAM_OFFLINE
viewer = models.RevokeViewerSessions(viewer_id="ada", version_lte=3)
assert api.ok("viewers.post_viewer_sessions_revoke", body=viewer).version_lte == 3

# Another tenant's stream is live: the operator sees its session, and one that is over.
sessions = operator.ok("sessions.get_sessions").data
for status in [models.SessionStatus.LIVE, models.SessionStatus.ENDED]:
    session = next(each for each in sessions if each.status == status)
    whole = operator.ok("sessions.get_sessions_session_id", session.id)
    assert operator.ok("sessions.get_sessions_session_id_health", session.id).session_id == session.id
    assert len(operator.ok("sessions.get_sessions_session_id_events", session.id).data) > 0
    # What is over may have ended before its first segment.
    assert whole.media.width == 960 if whole.media else status == models.SessionStatus.ENDED, whole
    assert len(whole.connections) > 0
assert api.ok("sessions.get_sessions", status=models.GetSessionsStatus.LIVE).data == []
assert api.ok("sessions.get_live_streams_live_stream_id_sessions", stream.id).data == []

# Rooms.
room = api.ok("rooms.post_rooms", body=models.CreateRoom(name="call", type_=models.CreateRoomType.ONE_TO_ONE))
api.ok("rooms.patch_rooms_room_id", room.id, body=models.UpdateRoom(locked=True))
assert api.ok("rooms.get_rooms_room_id", room.id).locked is True
assert len(api.ok("rooms.get_rooms").data) == 1
permissions = models.TokenPermissions(chat=False)
token = api.ok(
    "rooms.post_rooms_room_id_tokens", room.id, body=models.CreateToken(identity="ada", permissions=permissions)
)
assert token.token in token.call_url
assert api.ok("participants.get_rooms_room_id_participants", room.id).data == []
unknown = api.refused(
    "participants.delete_rooms_room_id_participants_participant_id", room.id, f"par_{'0' * 26}", ban=False
)
assert unknown.code == models.ProblemCode.NOT_FOUND
assert api.ok("participants.get_rooms_room_id_bans", room.id).data == []
assert api.refused("participants.delete_rooms_room_id_bans_ban_id", room.id, f"ban_{'0' * 26}").status == 404
assert api.ok("rooms.post_rooms_room_id_end", room.id).status == models.RoomStatus.ENDED
api.ok("rooms.delete_rooms_room_id", room.id)
signing = api.ok("signing_keys.post_signing_keys", body=models.CreateSigningKey())
assert api.ok("signing_keys.get_signing_keys_signing_key_id", signing.id).last_used_at is None
api.ok("signing_keys.delete_signing_keys_signing_key_id", signing.id)
assert api.ok("signing_keys.get_signing_keys").data[0].status == models.SigningKeyStatus.REVOKED
ice = api.ok("ice_servers.post_ice_servers", body=models.CreateIceServers(ttl_seconds=60))
assert any(url.startswith("turn:") for server in ice.ice_servers for url in server.urls)
api.ok("ice_servers.delete_ice_servers_ice_servers_id", ice.id)

# An endpoint that decides who may publish.
authorizer = "publish_authorizer.{}_tenants_tenant_id_publish_authorizer"
decides = models.SetPublishAuthorizer(
    url="https://decides.invalid/", on_failure=models.SetPublishAuthorizerOnFailure.ALLOW
)
assert api.ok(authorizer.format("put"), tenant.id, body=decides).secret.startswith("whsec_")
assert api.ok(authorizer.format("get"), tenant.id).url == "https://decides.invalid/"
signed_by = api.ok(
    f"{authorizer.format('post')}_rotate_secret", tenant.id, body=models.RotateWebhookSecret(grace_seconds=60)
)
assert signed_by.previous_secret_expires_at is not None
tested = api.ok(f"{authorizer.format('post')}_test", tenant.id, body=models.TestPublishAuthorizer())
assert (tested.decision, tested.status_code) == (models.PublishAuthorizerTestDecision.NONE, None)
api.ok(authorizer.format("delete"), tenant.id)

# Usage. Nothing of this tenant has been published or watched.
assert api.ok("usage.get_usage", group_by="hour,live_stream", limit=10).data == []
operator.ok(
    "usage.put_tenants_tenant_id_quotas", tenant.id, body=models.SetQuotas(egress_bytes_per_month=1_000_000_000)
)
assert [quota.limit for quota in api.ok("usage.get_quotas").quotas if quota.used == 0][-1] is not None

# Events and webhooks. Nothing has the name of the endpoint.
events = api.ok("events.get_events", type_=models.GetEventsType.LIVE_STREAM_CREATED).data
assert events[0].data.object_["id"] == stream.id
assert api.ok("events.get_events_event_id", events[0].id).tenant_id == tenant.id
endpoints = "webhooks.{}_webhook_endpoints"
one_endpoint = f"{endpoints}_webhook_endpoint_id"
one_delivery = "webhooks.{}_webhook_deliveries_webhook_delivery_id"
endpoint = api.ok(
    endpoints.format("post"),
    body=models.CreateWebhookEndpoint(url="https://receiver.invalid/", events=["live_stream.*"]),
)
assert endpoint.secret.startswith("whsec_")
assert [each.id for each in api.ok(endpoints.format("get")).data] == [endpoint.id]
delivery = api.ok(f"{one_endpoint.format('post')}_test", endpoint.id)
disabled = api.ok(one_endpoint.format("patch"), endpoint.id, body=models.UpdateWebhookEndpoint(enabled=False))
assert disabled.enabled is False
again = api.ok(f"{one_delivery.format('post')}_redeliver", delivery.id)
assert api.ok(one_delivery.format("get"), delivery.id).event.type_ == models.EventType.WEBHOOK_ENDPOINT_TEST
found = api.ok("webhooks.get_webhook_deliveries", event_id=delivery.event_id).data
assert [each.id for each in found] == [again.id, delivery.id]
replay = models.ReplayEvents(
    from_=tenant.created_at, to=again.created_at, types=[models.ReplayEventsTypesItem.LIVE_STREAM_CREATED]
)
assert api.ok(f"{one_endpoint.format('post')}_replay", endpoint.id, body=replay).deliveries == 1
rotate = models.RotateWebhookSecret(grace_seconds=60)
assert api.ok(f"{one_endpoint.format('post')}_rotate_secret", endpoint.id, body=rotate).secret != endpoint.secret
assert api.ok(one_endpoint.format("get"), endpoint.id).previous_secret_expires_at is not None
api.ok(one_endpoint.format("delete"), endpoint.id)

# Requests that are repeated, or based on a version, and who made them.
once = models.CreateRoom(name="once")
made = api.ok("rooms.post_rooms", body=once, idempotency_key="once")
assert api.ok("rooms.post_rooms", body=once, idempotency_key="once").id == made.id
other = api.refused("rooms.post_rooms", body=models.CreateRoom(name="other"), idempotency_key="once")
assert other.code == models.ProblemCode.IDEMPOTENCY_KEY_REUSED
stale = models.UpdateLiveStream(name="stale")
mismatch = api.refused("live_streams.patch_live_streams_live_stream_id", stream.id, body=stale, if_match=stream.etag)
assert mismatch.code == models.ProblemCode.ETAG_MISMATCH
audited = api.ok("audit_log.get_audit_events", object_id=stream.id).data
assert audited[-1].action == "live_stream.create"
assert api.ok("audit_log.get_audit_events_audit_event_id", audited[0].id).actor.id == created.id
assert api.ok("service.get_version").api_version == "v1"
assert api.ok("service.get_retention").events_seconds == 30 * 24 * 60 * 60

# What is wrong is a problem document.
problem = api.refused("rooms.post_rooms", body=models.CreateRoom(name="", max_participants=0))
assert problem.code == models.ProblemCode.INVALID_REQUEST
assert not isinstance(problem.errors, Unset)
assert sorted(each.pointer for each in problem.errors) == ["/max_participants", "/name"]

# The end of it all.
one_stream = "live_streams.{}_live_streams_live_stream_id"
assert api.ok(f"{one_stream.format('post')}_disable", stream.id).enabled is False
assert operator.soon_refused("playback.get_watch_info", playback.id).code == models.ProblemCode.PLAYBACK_DISABLED
assert api.ok(f"{one_stream.format('post')}_enable", stream.id).enabled is True
no_standby = api.refused(f"{one_stream.format('post')}_switch_encoder", stream.id)
assert no_standby.code == models.ProblemCode.NO_STANDBY
api.ok(f"{one_stream.format('post')}_end", stream.id)
api.ok(f"{playback_ids.format('delete')}_playback_id", stream.id, playback.id)
api.ok(one_stream.format("delete"), stream.id)
assert operator.ok("tenants.post_tenants_tenant_id_suspend", tenant.id).status == models.TenantStatus.SUSPENDED
assert api.refused("live_streams.get_live_streams").code == models.ProblemCode.TENANT_SUSPENDED
assert operator.ok("tenants.post_tenants_tenant_id_resume", tenant.id).status == models.TenantStatus.ACTIVE
operator.ok("api_keys.delete_api_keys_api_key_id", created.id)
assert api.refused("live_streams.get_live_streams").code == models.ProblemCode.UNAUTHENTICATED
operator.ok("tenants.delete_tenants_tenant_id", tenant.id)
deleted = operator.ok("tenants.get_tenants", status=models.GetTenantsStatus.DELETED, limit=100).data
assert tenant.id in [each.id for each in deleted if each.purge_at > datetime.now(UTC)]
restored = operator.ok("tenants.post_tenants_tenant_id_restore", tenant.id)
assert restored.status == models.TenantStatus.SUSPENDED
operator.ok("tenants.delete_tenants_tenant_id", tenant.id, purge=True)
assert operator.refused("tenants.get_tenants_tenant_id", tenant.id).code == models.ProblemCode.NOT_FOUND
