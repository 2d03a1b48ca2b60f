export type { ControlledProcess } from './controlled-process.ts';
export { findProgram, requireProgram } from './find-program.ts';
export { findGstPython } from './gst-python.ts';
export { freePorts, portBlock } from './free-ports.ts';
export { LineLog } from './line-log.ts';
export { ManagedProcess } from './managed-process.ts';
export type { ProcessOptions } from './managed-process.ts';
export { acceptsConnections, answersLine, answersOk } from './probes.ts';
