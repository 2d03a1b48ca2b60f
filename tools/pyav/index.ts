// PyAV, which is FFmpeg 8 for Python, in a virtual environment of its own: the encoder of tests that speaks Enhanced RTMP and is not ours.
import { join } from 'node:path';
import { PythonEnvironment } from '../python-environment/index.ts';

/** Its module is `av`. */
export const PYAV = new PythonEnvironment('pyav', 'PyAV', join(import.meta.dirname, 'requirements.txt'));
