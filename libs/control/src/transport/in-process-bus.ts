// The subjects of one process: which server hears a message. Servers of one queue share messages, as on NATS.
import type { ReadPacket, WritePacket } from '@nestjs/microservices';
import { openRecord } from './traced-record.ts';

/** A request carries an id, an event none. */
export interface InProcessPacket extends ReadPacket {
  readonly id?: string;
  /** Of the trace that the message belongs to, if any. */
  readonly traceparent?: string;
}

export interface InProcessListener {
  /** Servers of one queue share the messages of a subject; undefined: it hears all of them. */
  queueOf(subject: string): string | undefined;
  hears(subject: string): boolean;
  receive(subject: string, packet: InProcessPacket, respond: (packet: WritePacket) => void): void;
}

export class InProcessBus {
  readonly #listeners = new Set<InProcessListener>();
  #turn = 0;

  add(listener: InProcessListener): void {
    this.#listeners.add(listener);
  }

  remove(listener: InProcessListener): void {
    this.#listeners.delete(listener);
  }

  /**
   * Hands a message to everyone who hears its subject, of each queue to one in turn. Never on the caller's stack.
   *
   * @returns how many will hear it
   */
  deliver(subject: string, packet: InProcessPacket, respond: (packet: WritePacket) => void): number {
    const listeners = this.#choose(subject);
    // What is sent is a copy of what a JSON transport would carry: handlers never share an object with the sender.
    const text = JSON.stringify({ ...packet, ...openRecord(packet.data) });
    for (const listener of listeners)
      setImmediate(() => listener.receive(subject, JSON.parse(text) as InProcessPacket, respond));
    return listeners.length;
  }

  #choose(subject: string): InProcessListener[] {
    const chosen: InProcessListener[] = [];
    const queues = new Map<string, InProcessListener[]>();
    for (const listener of this.#listeners) {
      if (!listener.hears(subject)) continue;
      const queue = listener.queueOf(subject);
      if (queue === undefined) chosen.push(listener);
      else queues.set(queue, [...(queues.get(queue) ?? []), listener]);
    }
    const turn = this.#turn++;
    for (const members of queues.values()) chosen.push(members[turn % members.length]!);
    return chosen;
  }
}
