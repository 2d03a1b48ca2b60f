import { StunMethod } from '@millrace/protocol/stun';
import type { MethodName } from '../counters.ts';

const NAMES: ReadonlyMap<number, MethodName> = new Map([
  [StunMethod.binding, 'binding'],
  [StunMethod.allocate, 'allocate'],
  [StunMethod.refresh, 'refresh'],
  [StunMethod.createPermission, 'create_permission'],
  [StunMethod.channelBind, 'channel_bind'],
  [StunMethod.connect, 'connect'],
  [StunMethod.connectionBind, 'connection_bind'],
]);

/** What metrics call a method. */
export const methodName = (method: number): MethodName => NAMES.get(method) ?? 'other';
