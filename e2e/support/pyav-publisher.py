"""Publishes a test picture and a tone as an encoder does, by Enhanced RTMP or RTSP, and keeps what it sends in a NUT file.

usage: pyav-publisher.py URL FILE SECONDS [VIDEO_ENCODER [AUDIO_ENCODER]]; an encoder named "none" leaves its track out
"""

import sys
import time
from fractions import Fraction

import av
from av.filter import Graph

FRAME_RATE = 25
SAMPLE_RATE = 48_000
OPTIONS = {
    "libx264": {"preset": "ultrafast", "bf": "2"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"},
    "libsvtav1": {"preset": "12", "svtav1-params": "lookahead=0:pred-struct=1"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"},
}

url, path, seconds, video, audio = [*sys.argv[1:], "none", "none"][:5]
seconds = float(seconds)


def source(*filters):
    """The frames of a graph of filters, each with its arguments."""
    graph = Graph()
    sink = "abuffersink" if filters[-1][0] == "aformat" else "buffersink"
    graph.link_nodes(*[graph.add(name, args) for name, args in filters], graph.add(sink))
    graph.configure()
    return graph


def add_track(container, name, layout="stereo"):
    if name == "none":
        return None
    is_video = name in OPTIONS
    stream = container.add_stream(name, rate=FRAME_RATE if is_video else SAMPLE_RATE, options=OPTIONS.get(name, {}))
    context = stream.codec_context
    if is_video:
        context.width, context.height, context.pix_fmt = 320, 180, "yuv420p"
        context.gop_size = FRAME_RATE
        context.time_base = Fraction(1, FRAME_RATE)
    else:
        context.layout = layout
    # FLV keeps configurations apart from frames.
    context.flags |= av.codec.context.Flags.global_header
    return stream


if url.startswith("rtsp:"):
    live = av.open(url, "w", format="rtsp", options={"rtsp_transport": "tcp", "strict": "experimental"})
else:
    live = av.open(url, "w", format="flv", options={"rtmp_enhanced_codecs": "av01,vp09,hvc1,Opus,fLaC,ac-3,ec-3"})
kept = av.open(path, "w", format="nut")
tracks = []
for name in (video, audio):
    stream = add_track(live, name, "5.1" if name == "eac3" else "stereo")
    if stream is None:
        continue
    is_video = stream.type == "video"
    if is_video:
        graph = source(("testsrc2", f"size=320x180:rate={FRAME_RATE}"), ("format", "pix_fmts=yuv420p"))
    else:
        context = stream.codec_context
        context.open()
        layout = context.layout.name
        sample_format = context.format.name
        graph = source(
            ("sine", f"frequency=440:sample_rate={SAMPLE_RATE}:samples_per_frame={context.frame_size or 1024}"),
            ("aformat", f"sample_fmts={sample_format}:channel_layouts={layout}"),
        )
    tracks.append([stream, None, graph, 0.0])

begun = time.monotonic()


def send(track, packets):
    stream, copy = track[:2]
    for packet in packets:
        if packet.dts is None:
            continue
        if copy is None:
            # Its configuration is known by now.
            copy = track[1] = kept.add_stream_from_template(stream)
        live_packet, kept_packet = packet, av.Packet(bytes(packet))
        for name in ("pts", "dts", "duration", "time_base", "is_keyframe"):
            setattr(kept_packet, name, getattr(packet, name))
        kept_packet.stream = copy
        # FLAC ends with a packet without a frame.
        if kept_packet.size > 0:
            track[4:] = [*track[4:], kept_packet]
        live.mux(live_packet)


while any(track[3] < seconds for track in tracks):
    track = min(tracks, key=lambda one: one[3])
    frame = track[2].pull()
    track[3] = float((frame.pts + (frame.samples if hasattr(frame, "samples") else 1)) * frame.time_base)
    ahead = begun + track[3] - time.monotonic()
    if ahead > 0:
        time.sleep(ahead)
    if isinstance(frame, av.VideoFrame):
        # The source says that each picture is intra coded: the encoder decides.
        frame.pict_type = 0
    send(track, track[0].encode(frame))
for track in tracks:
    send(track, track[0].encode(None))
live.close()
for packet in sorted((packet for track in tracks for packet in track[4:]), key=lambda one: one.dts * one.time_base):
    kept.mux(packet)
kept.close()
