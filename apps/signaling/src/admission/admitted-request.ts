// What admission control has found out about a request, for the session of the socket that it becomes.
import type { IncomingMessage } from 'node:http';
import type { Admitted } from './admission-control.ts';

const admissions = new WeakMap<IncomingMessage, Admitted>();

export function noteAdmission(request: IncomingMessage, admitted: Admitted): void {
  admissions.set(request, admitted);
}

/** @throws Error when the request was not admitted */
export function admissionOf(request: IncomingMessage): Admitted {
  const admitted = admissions.get(request);
  if (admitted === undefined) throw new Error('this socket was not admitted');
  return admitted;
}
