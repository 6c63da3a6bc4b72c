/** The desktop's one websocket: hello or resume, events in order, silence noticed, commands answered. */

import { apply, type DeskEvent, type State } from './state';

const SILENCE_MS = 25_000;
const REPLY_MS = 10_000;
const BACK_OFF_MS = [250, 500, 1000, 2000, 4000, 8000];
const SESSION_ENDED = 4001;

export type Reply = { ok: true } | { ok: false; error: { code: string; message: string } };

type Message =
  | { type: 'snapshot'; epoch: string; seq: number; now: string; state: State }
  | { type: 'resumed'; epoch: string; seq: number; now: string }
  | { type: 'event'; seq: number; event: DeskEvent }
  | ({ type: 'reply'; id: string } & Reply)
  | News
  | { type: 'ping'; now: string };

/** What is told once and is nothing to catch up on: a customer writes, conversations are others, somebody has taken one over. */
export type News = { type: 'writing'; id: string } | { type: 'conversations' } | { type: 'taken_over'; id: string; by: string };

export interface Listener {
  state(state: State): void;
  /** `retryAt` is a moment of the browser's own clock. */
  connection(state: 'connecting' | 'online' | 'lost', retryAt: number | null): void;
  time(now: string): void;
  told(news: News): void;
  sessionEnded(): void;
}

/** The part of a WebSocket that is used; tests bring their own. */
export type Wire = Pick<WebSocket, 'send' | 'close' | 'onopen' | 'onmessage' | 'onclose'>;

/** A websocket that is opened again until it is closed for good. A command is never sent twice. */
export class DeskSocket {
  #wire: Wire | null = null;
  #state: State | null = null;
  #epoch: string | null = null;
  #seq: number | null = null;
  #tries = 0;
  #online = false;
  #closed = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #waiting = new Map<string, (reply: Reply) => void>();
  #next = 1;

  constructor(
    private readonly listener: Listener,
    private readonly dial: () => Wire,
  ) {}

  open(): void {
    clearTimeout(this.#retry);
    if (this.#closed || this.#wire) return;
    this.listener.connection(this.#state ? 'lost' : 'connecting', null);
    const wire = this.dial();
    this.#wire = wire;
    wire.onopen = () => wire.send(JSON.stringify({ type: 'hello', epoch: this.#epoch, seq: this.#seq }));
    wire.onmessage = (message) => wire === this.#wire && this.#heard(JSON.parse(String(message.data)) as Message);
    wire.onclose = (event) => wire === this.#wire && this.#lost(event.code);
    this.#listenForSilence();
  }

  /** Try at once instead of waiting for the next try. */
  retryNow(): void {
    this.#tries = 0;
    this.open();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    this.#forget('closed');
    const wire = this.#wire;
    this.#wire = null;
    wire?.close();
  }

  /** Send a command; the reply, or a refusal `no_reply` when the connection went before it came. */
  command(name: string, args: object): Promise<Reply> {
    if (!this.#online || !this.#wire) return Promise.resolve(refusal('offline'));
    const id = String(this.#next++);
    this.#wire.send(JSON.stringify({ type: 'command', id, name, args }));
    return new Promise((resolve) => {
      const late = setTimeout(() => this.#waiting.delete(id) && resolve(refusal('no_reply')), REPLY_MS);
      this.#waiting.set(id, (reply) => {
        clearTimeout(late);
        resolve(reply);
      });
    });
  }

  #heard(message: Message): void {
    this.#listenForSilence();
    switch (message.type) {
      case 'snapshot':
        this.listener.time(message.now);
        [this.#epoch, this.#seq] = [message.epoch, message.seq];
        this.#is(message.state);
        return this.#isOnline();
      case 'resumed':
        // Events that were missed follow, numbered on from the last one seen.
        this.listener.time(message.now);
        return this.#isOnline();
      case 'event':
        return this.#happened(message.seq, message.event);
      case 'reply':
        this.#waiting.get(message.id)?.(message);
        this.#waiting.delete(message.id);
        return;
      case 'writing':
      case 'conversations':
      case 'taken_over':
        return this.listener.told(message);
      case 'ping':
        this.listener.time(message.now);
        this.#wire?.send('{"type":"pong"}');
    }
  }

  #happened(seq: number, event: DeskEvent): void {
    if (this.#state === null || this.#seq === null || seq <= this.#seq) return;
    if (seq !== this.#seq + 1) return this.#drop();
    this.#seq = seq;
    this.#is(apply(this.#state, event));
  }

  #is(state: State): void {
    this.#state = state;
    this.listener.state(state);
  }

  #isOnline(): void {
    this.#tries = 0;
    this.#online = true;
    this.listener.connection('online', null);
  }

  #listenForSilence(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#drop(), SILENCE_MS);
  }

  /** Give this wire up and resume on a new one. */
  #drop(): void {
    const wire = this.#wire;
    this.#lost(1006);
    wire?.close();
  }

  #lost(code: number): void {
    clearTimeout(this.#silence);
    this.#wire = null;
    this.#online = false;
    this.#forget('no_reply');
    if (code === SESSION_ENDED) {
      this.#closed = true;
      return this.listener.sessionEnded();
    }
    const wait = BACK_OFF_MS[Math.min(this.#tries++, BACK_OFF_MS.length - 1)] ?? 8000;
    // Spread, so that two hundred desks do not come back in the same instant.
    const spread = this.#tries === 1 ? wait * Math.random() : wait * (0.75 + Math.random() / 2);
    this.listener.connection(this.#state ? 'lost' : 'connecting', Date.now() + spread);
    this.#retry = setTimeout(() => this.open(), spread);
  }

  #forget(code: string): void {
    for (const answer of this.#waiting.values()) answer(refusal(code));
    this.#waiting.clear();
  }
}

function refusal(code: string): Reply {
  return { ok: false, error: { code, message: '' } };
}
