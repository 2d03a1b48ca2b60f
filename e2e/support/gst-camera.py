"""A camera: GStreamer's RTSP server (gst-rtsp-server) with a file for its lens, for those who log in by Digest.

Arguments: the file (FLV with H.264 and AAC), user name, password. Prints its port once it listens.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

ROLE = "viewer"

file, user, password = sys.argv[1:]
Gst.init(None)

factory = GstRtspServer.RTSPMediaFactory()
# Each client sees the file from its beginning.
factory.set_launch(
    f'( filesrc location="{file}" ! flvdemux name=demux '
    "demux.video ! queue ! capssetter caps=video/x-h264,alignment=(string)au ! rtph264pay name=pay0 pt=96 config-interval=-1 "
    "demux.audio ! queue ! rtpmp4gpay name=pay1 pt=97 )"
)
permissions = GstRtspServer.RTSPPermissions()
for permission in ("media.factory.access", "media.factory.construct"):
    permissions.add_permission_for_role(ROLE, permission, True)
factory.set_permissions(permissions)

token = GstRtspServer.RTSPToken()
token.set_string("media.factory.role", ROLE)
auth = GstRtspServer.RTSPAuth()
auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
auth.add_digest(user, password, token)

server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
server.set_auth(auth)
server.get_mount_points().add_factory("/door", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
