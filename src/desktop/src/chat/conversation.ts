/** One visitor's conversation: what was written, what is on its way, and the websocket that carries it. */

const BACK_OFF_MS = [500, 1000, 2000, 4000, 8000, 15_000];
const TOO_FAST_MS = 1500;
const LATER_MS = 3000;
/** The server's heartbeat comes more often; a browser does not tell of it, so that a dead line shows at the next message. */
const TAKEN_MS = 20_000;
/** How often it is told that somebody writes, and how long it is shown. */
const WRITING_MS = 3000;
const WRITES_MS = 6000;

export interface Message {
  id: string;
  at: string;
  side: 'customer' | 'flow' | 'agent';
  text: string;
  by: string;
  choices: string[];
  keyboard: string | null;
  hidden: boolean;
}

/** What the visitor wrote that is not known to be safe. */
export interface Unsent {
  id: string;
  text: string;
}

type Told =
  | { type: 'welcome'; visitor: string; title: string; messages: Message[] }
  | { type: 'message'; message: Message }
  | { type: 'taken'; id: string; message: string }
  | { type: 'refused'; id: string; why: string }
  | { type: 'writing'; by: string }
  | { type: 'over' };

/** What outlives the page. */
export interface Kept {
  token: string | null;
  unsent: Unsent[];
}

export interface Keeper {
  read(): Kept;
  write(kept: Kept): void;
}

/** The part of a WebSocket that is used; tests bring their own. */
export type Wire = Pick<WebSocket, 'send' | 'close' | 'onopen' | 'onmessage' | 'onclose'>;

const mine = (said: Unsent): Message => ({ id: said.id, at: new Date().toISOString(), side: 'customer', text: said.text, by: '', choices: [], keyboard: null, hidden: false });

/** Read from it, and draw when `changed` is called. A message is sent under one id until it is taken. */
export class Conversation {
  title = '';
  messages: Message[] = [];
  over = false;
  online = false;
  /** The agent who is writing now. */
  writer = '';
  /** Why what was written waits, if it does. */
  waits: 'too_fast' | 'later' | null = null;
  /** Called after every change; `heard` are messages that somebody here wrote and that were not known. */
  changed: (heard: Message[]) => void = () => {};

  #kept: Kept;
  #wire: Wire | null = null;
  #tries = 0;
  #told = 0;
  #writes: ReturnType<typeof setTimeout> | undefined;
  #sent = new Set<string>();
  /** The names that we gave what was written here, by the server's: a message keeps its first name on this page. */
  #ours = new Map<string, string>();
  #closed = true;

  constructor(
    private readonly keeper: Keeper,
    private readonly connect: () => Wire,
    private readonly newId: () => string,
    /** Who the site says it is, signed by it; asked at each connection, so that the site may renew it. */
    private readonly identity: () => string | undefined = () => undefined,
  ) {
    this.#kept = keeper.read();
  }

  /** Whether this visitor was here before. */
  get isKnown(): boolean {
    return this.#kept.token !== null;
  }

  /** Whether a message is not known to be safe. */
  isUnsent(message: Message): boolean {
    return this.#kept.unsent.some((each) => each.id === message.id);
  }

  /** Connect, and stay connected. */
  open(): void {
    if (!this.#closed) return;
    this.#closed = false;
    this.#dial();
  }

  say(text: string): void {
    const said = text.trim();
    if (!said) return;
    this.over = false;
    this.#told = 0; // what is written next is told at once
    const written = { id: this.newId(), text: said };
    this.#keep({ unsent: [...this.#kept.unsent, written] });
    this.messages = [...this.messages, mine(written)];
    this.open();
    this.#sendAll();
    this.changed([]);
  }

  /** The visitor is writing. */
  writing(): void {
    if (!this.online || this.messages.length === 0 || Date.now() - this.#told < WRITING_MS) return;
    this.#told = Date.now();
    this.#wire?.send('{"type":"writing"}');
  }

  /** End the conversation, for good. */
  leave(): void {
    this.#wire?.send(JSON.stringify({ type: 'leave' }));
  }

  /** Try again now. */
  retry(): void {
    if (this.#closed || this.#wire) return;
    this.#dial();
  }

  #dial(): void {
    const wire = (this.#wire = this.connect());
    wire.onopen = () => wire.send(JSON.stringify({ type: 'hello', visitor: this.#kept.token, identity: this.identity() }));
    wire.onmessage = (event) => {
      if (this.#wire === wire) this.#hear(JSON.parse(String(event.data)) as Told);
    };
    wire.onclose = () => {
      if (this.#wire !== wire) return;
      this.#wire = null;
      this.online = false;
      this.#sent.clear();
      const pause = BACK_OFF_MS[Math.min(this.#tries++, BACK_OFF_MS.length - 1)] ?? 15_000;
      setTimeout(() => this.retry(), pause * (0.75 + Math.random() / 2));
      this.changed([]);
    };
  }

  #hear(told: Told): void {
    switch (told.type) {
      case 'welcome': {
        const known = new Set(this.messages.map((each) => each.id));
        const first = this.messages.length === 0;
        this.#tries = 0;
        this.online = true;
        this.title = told.title;
        this.messages = [...told.messages.map((each) => ({ ...each, id: this.#ours.get(each.id) ?? each.id })), ...this.#kept.unsent.map(mine)];
        this.#keep({ token: told.visitor });
        this.#sendAll();
        this.changed(first ? [] : told.messages.filter((each) => each.side !== 'customer' && !known.has(each.id)));
        return;
      }
      case 'message':
        if (this.messages.some((each) => each.id === (this.#ours.get(told.message.id) ?? told.message.id))) return;
        this.messages = [...this.messages, told.message];
        if (told.message.side === 'agent') this.#isWriting('');
        this.changed(told.message.side === 'customer' ? [] : [told.message]);
        return;
      case 'taken':
        this.#taken(told.id, told.message);
        return;
      case 'refused':
        this.waits = told.why === 'too_fast' ? 'too_fast' : 'later';
        this.#sent.delete(told.id);
        setTimeout(() => this.#sendAll(), told.why === 'too_fast' ? TOO_FAST_MS : LATER_MS);
        this.changed([]);
        return;
      case 'writing':
        this.#isWriting(told.by);
        this.changed([]);
        return;
      case 'over':
        this.over = true;
        this.#isWriting('');
        this.changed([]);
    }
  }

  #isWriting(by: string): void {
    clearTimeout(this.#writes);
    this.writer = by;
    if (by) {
      this.#writes = setTimeout(() => {
        this.writer = '';
        this.changed([]);
      }, WRITES_MS);
    }
  }

  #taken(id: string, message: string): void {
    this.waits = null;
    this.#sent.delete(id);
    this.#keep({ unsent: this.#kept.unsent.filter((each) => each.id !== id) });
    this.#ours.set(message, id);
    // After a cut the thread may have brought it before we were told.
    if (this.messages.some((each) => each.id === message)) this.messages = this.messages.filter((each) => each.id !== id);
    this.#sendAll();
    this.changed([]);
  }

  /** Send what is not on its way, one after the other, so that order is kept. */
  #sendAll(): void {
    const next = this.#kept.unsent[0];
    if (!next || !this.online || this.#sent.size > 0) return;
    const wire = this.#wire;
    this.#sent.add(next.id);
    this.#wire?.send(JSON.stringify({ type: 'say', id: next.id, text: next.text }));
    setTimeout(() => {
      // The line is dead, and nobody told us.
      if (this.#wire === wire && this.#sent.has(next.id)) wire?.close();
    }, TAKEN_MS);
  }

  #keep(change: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...change };
    this.keeper.write(this.#kept);
  }
}
