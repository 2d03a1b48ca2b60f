"""Reads streams and files as FFmpeg 8 does, all at once, and prints each coded frame: a hash of what an encoder made, and its times.

usage: frame-reader.py SECONDS JSON, where JSON is {name: {"url", "options"}}; each is opened again and again for so many seconds
prints {name: {"error", "tracks": [{"kind", "frames": [[hash, dts, pts, is_key], …]}]}}: seconds, null where FFmpeg has no time
"""

import hashlib
import json
import sys
import threading
import time

import av

RETRY_SECONDS = 0.2
#: To open what is not live yet, and to wait for what comes next.
TIMEOUTS = (15, 30)
#: ITU-T H.264 table 7-1 and H.265 table 7-1: slices. What is around them may be added or left out on the way.
SLICES = {"h264": lambda unit: 1 <= unit[0] & 31 <= 5, "hevc": lambda unit: unit[0] >> 1 & 63 < 32}
#: AV1 section 6.2.2: frame headers, tile groups and frames.
AV1_FRAMES = (3, 4, 6)


def annex_b(data):
    start = data.find(b"\0\0\1")
    while start >= 0:
        end = data.find(b"\0\0\1", start + 3)
        yield data[start + 3 : end if end >= 0 else len(data)].rstrip(b"\0")
        start = end


def length_prefixed(data):
    at = 0
    while at + 4 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 4 + length].rstrip(b"\0")
        at += 4 + length


def leb128(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def frame_units(data):
    """The open bitstream units that show something, without their sizes."""
    at = 0
    while at < len(data):
        header, at = data[at], at + (2 if data[at] & 4 else 1)
        size, at = leb128(data, at) if header & 2 else (len(data) - at, at)
        if header >> 3 & 15 in AV1_FRAMES:
            yield data[at : at + size]
        at += size


def made_by_encoder(codec, extradata, data):
    if codec in SLICES:
        # ISO/IEC 14496-15: records begin with a version of 1; parameter sets behind start codes do not.
        nal_units = length_prefixed(data) if extradata[:1] == b"\1" else annex_b(data)
        return [unit for unit in nal_units if unit and SLICES[codec](unit)]
    if "av1" in codec:
        return list(frame_units(data))
    if codec == "aac" and len(data) > 7 and data[0] == 255 and data[1] & 0xF6 == 0xF0:
        return [data[7 if data[1] & 1 else 9 :]]
    return [data]


def opened(url, options, until):
    while True:
        try:
            return av.open(url, options=options, timeout=TIMEOUTS)
        except (OSError, av.FFmpegError):
            if time.monotonic() > until:
                raise
            time.sleep(RETRY_SECONDS)


def read(url, options, result, until):
    tracks = {}
    try:
        for packet in opened(url, options, until).demux():
            stream = packet.stream
            # The last packet of each stream is an empty one.
            if packet.size == 0 or stream.type not in ("video", "audio"):
                continue
            context = stream.codec_context
            track = tracks.setdefault(stream.index, {"kind": stream.type, "frames": []})
            parts = made_by_encoder(context.codec.canonical_name, context.extradata or b"", bytes(packet))
            if parts:
                digest = hashlib.sha1(b"".join(parts)).hexdigest()[:16]
                times = [at if at is None else float(at * packet.time_base) for at in (packet.dts, packet.pts)]
                track["frames"].append([digest, *times, packet.is_keyframe])
    except (OSError, av.FFmpegError) as error:
        result["error"] = str(error)
    result["tracks"] = list(tracks.values())


inputs = json.loads(sys.argv[2])
results = {name: {"error": None, "tracks": []} for name in inputs}
deadline = time.monotonic() + float(sys.argv[1])
threads = [
    threading.Thread(target=read, args=(one["url"], one.get("options", {}), results[name], deadline))
    for name, one in inputs.items()
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
json.dump(results, sys.stdout)
