// A Python that has GStreamer's RTSP server: Debian's own has what its packages bring, another one that comes first in PATH has not.
import { spawnSync } from 'node:child_process';
import { findProgram } from './find-program.ts';

const IMPORTS =
  'import gi; gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0"); from gi.repository import GstRtspServer';

/** @returns its path, or undefined */
export function findGstPython(): string | undefined {
  return ['/usr/bin/python3', findProgram('python3')].find(
    (python) => python !== undefined && spawnSync(python, ['-c', IMPORTS]).status === 0,
  );
}
