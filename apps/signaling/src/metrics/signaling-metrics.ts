// What signaling counts. Labels come from bounded sets of our own words.
import { ControlSubject, RoomSubject, UsageSubject } from '@millrace/control';
import { JOIN_REFUSALS, LEAVE_REASONS } from '@millrace/domain';
import type { ResumeOutcome } from '@millrace/live-store';
import type { Metrics } from '@millrace/service-kit';
import { SOCKET_REFUSALS } from '../admission/admission-control.ts';
import { clientMessages } from '../messages/client-messages.ts';
import { PROTOCOL_ERRORS } from '../messages/signaling-errors.ts';

const JOIN_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5];

const CODES = [...Object.keys(PROTOCOL_ERRORS), ...Object.keys(JOIN_REFUSALS)];
const SOCKET_ENDS = ['client_closed', 'connection_lost', 'bad_frame', 'silent', 'left', 'moved', 'restart', 'drained'];
const JOINS = ['joined', ...Object.keys(JOIN_REFUSALS)];
const RESUMES = ['resumed', 'gone', 'unknown', 'too_late'] satisfies readonly ResumeOutcome['outcome'][];

export type SignalingMetrics = ReturnType<typeof signalingMetrics>;

/** Signaling's metrics; asking twice gives the same ones. */
export function signalingMetrics(metrics: Metrics) {
  return {
    sockets: metrics.gauge('signaling_sockets', 'Open sockets, by whether they have joined.', {
      state: ['joined', 'waiting'],
    }),
    peers: metrics.gauge('signaling_peers', 'Participants whose socket is on this server.'),
    rooms: metrics.gauge('signaling_rooms', 'Rooms with a participant whose socket is on this server.'),
    refusedSockets: metrics.counter('signaling_refused_sockets_total', 'Sockets refused, by reason.', {
      reason: Object.keys(SOCKET_REFUSALS),
    }),
    closedSockets: metrics.counter('signaling_closed_sockets_total', 'Closed sockets, by reason.', {
      reason: [...SOCKET_ENDS, ...CODES],
    }),
    joins: metrics.counter('signaling_joins_total', 'Attempts to join a room.', { outcome: JOINS }),
    joinSeconds: metrics.histogram('signaling_join_seconds', 'Time from a join request to its answer.', JOIN_SECONDS, {
      outcome: ['joined', 'unavailable'],
    }),
    resumes: metrics.counter('signaling_resumes_total', 'Attempts to resume after a dropped socket.', {
      outcome: RESUMES,
    }),
    messages: metrics.counter('signaling_messages_total', 'Messages from clients, by type.', {
      type: Object.keys(clientMessages),
    }),
    sent: metrics.counter('signaling_sent_messages_total', 'Messages sent to clients.'),
    errors: metrics.counter('signaling_errors_total', 'Errors sent to clients, by code.', { code: CODES }),
    departures: metrics.counter('signaling_departures_total', 'Participants who left, by reason.', {
      reason: LEAVE_REASONS,
    }),
    caughtUp: metrics.counter(
      'signaling_caught_up_messages_total',
      'Messages read from the mailbox because no pod had forwarded them.',
    ),
    busFailures: metrics.counter(
      'signaling_bus_failures_total',
      'Notes between pods that could not be sent or were malformed.',
    ),
    storeFailures: metrics.counter('signaling_store_failures_total', 'Failed calls to the presence store.', {
      op: ['join', 'resume', 'renew', 'read', 'changeRoom', 'endRoom', 'remove'],
    }),
    controlFailures: metrics.counter(
      'signaling_control_failures_total',
      'Control messages that were not delivered, by subject.',
      {
        subject: [
          RoomSubject.authorizeJoin,
          RoomSubject.issueIceServers,
          RoomSubject.renewToken,
          ControlSubject.handOver,
          UsageSubject.reportUsage,
        ],
      },
    ),
    draining: metrics.gauge('signaling_draining', '1 while this server is draining.'),
    drainRemaining: metrics.gauge(
      'signaling_drain_remaining_sockets',
      'Sockets that a draining server is waiting for.',
    ),
  };
}
