// RTMP 1.0 section 7.2: what a client says until it may publish or play, as a table of answers.
import { propertiesOf } from '../../amf3/index.ts';
import type { AmfRecord, AmfValue } from '../../amf3/index.ts';
import { ProtocolError } from '../../bytes/index.ts';
import type { Command } from '../message/command.ts';
import { capabilityProperties, readCapabilities } from './capabilities.ts';
import type { Capabilities } from './capabilities.ts';
import type { ClientSessionOptions } from './client-session-options.ts';
import { StatusCode } from './status.ts';
import type { Status } from './status.ts';

/** Commands that wait for an answer; a server that never answers must not make the list grow. */
const MAX_PENDING = 1024;

/** What the dialogue needs done. */
export interface DialogueActions {
  command(name: string, object: AmfValue, args: readonly AmfValue[], messageStreamId?: number): number;
  ready(): void;
  status(status: Status): void;
  reconnectRequest(tcUrl: string | undefined, description: string): void;
  refused(code: string, detail: string): void;
}

/** connect → (releaseStream, FCPublish) createStream → publish or play → ready. */
export class ClientDialogue {
  readonly #options: ClientSessionOptions;
  readonly #actions: DialogueActions;
  readonly #pending = new Map<number, string>();
  #lastTransactionId = 0;
  /** Whether the server accepted connect. */
  connected = false;
  /** What the server said of itself when it accepted connect; undefined before. */
  serverCapabilities: Capabilities | undefined;
  /** What the server gave for createStream; 0 before. */
  messageStreamId = 0;

  constructor(options: ClientSessionOptions, actions: DialogueActions) {
    this.#options = options;
    this.#actions = actions;
  }

  /** Counts a command that is being sent, so that its answer is recognised. */
  nextTransactionId(name: string): number {
    this.#lastTransactionId += 1;
    if (this.#pending.size < MAX_PENDING) this.#pending.set(this.#lastTransactionId, name);
    return this.#lastTransactionId;
  }

  connect(): void {
    const { app, tcUrl, flashVer, objectEncoding, mode, connectProperties, capabilities } = this.#options;
    const object: AmfRecord = {
      app,
      tcUrl,
      flashVer,
      objectEncoding,
      ...capabilityProperties(capabilities),
      ...connectProperties,
    };
    if (mode === 'publish') object['type'] = 'nonprivate';
    this.#actions.command('connect', object, []);
  }

  /** Takes a command of the server. */
  command(command: Command): void {
    if (command.name === 'onStatus') this.#onStatus(command);
    else if (command.name === '_result' || command.name === '_error') this.#onAnswer(command);
  }

  #onAnswer(answer: Command): void {
    const question = this.#pending.get(answer.transactionId);
    this.#pending.delete(answer.transactionId);
    const failed = answer.name === '_error';
    if (question === 'connect') {
      if (failed) this.#refuse(answer);
      else {
        this.serverCapabilities = readCapabilities(propertiesOf(answer.object) ?? {});
        this.#createStream();
      }
    } else if (question === 'createStream') {
      if (failed) this.#refuse(answer);
      else this.#openStream(answer.args[0]);
    }
  }

  #createStream(): void {
    const { mode, streamName } = this.#options;
    this.connected = true;
    if (mode === 'publish') {
      this.#actions.command('releaseStream', null, [streamName]);
      this.#actions.command('FCPublish', null, [streamName]);
    }
    this.#actions.command('createStream', null, []);
  }

  #openStream(id: AmfValue): void {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 1 || id > 0xffff_ffff) {
      throw new ProtocolError('rtmp.client.bad-stream-id', 'rtmp/command/create-stream', 'no message stream id');
    }
    this.messageStreamId = id;
    const { mode, streamName } = this.#options;
    if (mode === 'publish') this.#actions.command('publish', null, [streamName, 'live'], id);
    else this.#actions.command('play', null, [streamName], id);
  }

  #onStatus(command: Command): void {
    const info = propertiesOf(command.args[0]) ?? {};
    const status = statusOf(info);
    const tcUrl = info['tcUrl'];
    if (status.code === StatusCode.connectReconnectRequest) {
      this.#actions.reconnectRequest(typeof tcUrl === 'string' ? tcUrl : undefined, status.description);
      return;
    }
    this.#actions.status(status);
    const start = this.#options.mode === 'publish' ? StatusCode.publishStart : StatusCode.playStart;
    if (status.level === 'error') this.#refuse(command);
    else if (status.code === start) this.#actions.ready();
  }

  #refuse(answer: Command): void {
    const { code, description } = statusOf(propertiesOf(answer.args[0]) ?? {});
    this.#actions.refused('rtmp.client.refused', `${code}: ${description}`);
  }
}

function statusOf(info: Readonly<AmfRecord>): Status {
  const text = (key: string): string => {
    const value = info[key];
    return typeof value === 'string' ? value : '';
  };
  const level = text('level');
  return {
    level: level === 'error' || level === 'warning' ? level : 'status',
    code: text('code'),
    description: text('description'),
  };
}
