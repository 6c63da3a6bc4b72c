import type { CallTold } from './call';
import type { FileKeeper } from './files';

/** One visitor's conversation: what was written, what is on its way, and the websocket that carries it. */

const BACK_OFF_MS = [500, 1000, 2000, 4000, 8000, 15_000];
const TOO_FAST_MS = 1500;
const LATER_MS = 3000;
/** The server's heartbeat comes more often; a browser does not tell of it, so that a dead line shows at the next message. */
const TAKEN_MS = 20_000;
/** How often it is told that somebody writes, and how long it is shown. */
const WRITING_MS = 3000;
const WRITES_MS = 6000;
const LARGEST_FILE = 10 * 2 ** 20;

/** A file at a message; `url` is where it is fetched, below the service's address. */
export interface FileAt {
  name: string;
  type: string;
  size: number;
  url: string;
}

export interface Message {
  id: string;
  at: string;
  side: 'customer' | 'flow' | 'agent';
  text: string;
  by: string;
  choices: string[];
  keyboard: string | null;
  hidden: boolean;
  files?: FileAt[];
}

/** What the visitor wrote that is not known to be safe. A file has the service's id of it once that has its bytes. */
export interface Unsent {
  id: string;
  text: string;
  file?: { name: string; type: string; size: number };
  brought?: string | undefined;
}

/** Why a file was not sent. */
export type NoFile = 'tooLarge' | 'wrongKind' | 'tooMany' | 'lost';
const NO_FILE: Record<number, NoFile> = { 413: 'tooLarge', 415: 'wrongKind', 429: 'tooMany', 400: 'wrongKind', 403: 'wrongKind' };

/** How a file is brought to the service. */
export type Bring = (id: string, name: string, file: Blob, token: string, identity?: string) => Promise<Pick<Response, 'status' | 'json'>>;

type Told =
  | { type: 'welcome'; visitor: string; title: string; messages: Message[]; read?: string | null; transcript?: boolean; email?: string; calls?: boolean; call?: CallTold | null }
  | { type: 'message'; message: Message }
  | { type: 'taken'; id: string; message: string }
  | { type: 'refused'; id: string; why: string }
  | { type: 'writing'; by: string }
  | { type: 'read'; message: string }
  | { type: 'transcript'; id: string; why_not: string | null }
  | { type: 'call'; call: CallTold }
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

const mine = (said: Unsent, url = ''): Message => ({
  id: said.id, at: new Date().toISOString(), side: 'customer', text: said.text, by: '', choices: [], keyboard: null, hidden: false,
  ...(said.file ? { files: [{ ...said.file, url }] } : {}),
});

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
  /** Why the last file was not sent, if it was not. */
  noFile: NoFile | null = null;
  /** Whether the conversation can be had by mail, to which address the site says, and what came of asking for it. */
  transcript = false;
  email = '';
  mailed: 'asked' | 'sent' | 'no_address' | 'too_many' | 'failed' | null = null;
  /** Whether this visitor may talk by the browser. */
  calls = false;
  /** Called with how their call stands; null: that there is none, as the page comes (back). */
  callTold: (told: CallTold | null) => void = () => {};
  /** Called after every change; `heard` are messages that somebody here wrote and that were not known. */
  changed: (heard: Message[]) => void = () => {};

  #kept: Kept;
  #wire: Wire | null = null;
  #tries = 0;
  #told = 0;
  #writes: ReturnType<typeof setTimeout> | undefined;
  #sent = new Set<string>();
  #read: string | null = null;
  #readTold = '';
  #asked: { type: 'transcript'; id: string; to: string; language: string } | null = null;
  /** The names that we gave what was written here, by the server's: a message keeps its first name on this page. */
  #ours = new Map<string, string>();
  #closed = true;

  constructor(
    private readonly keeper: Keeper,
    private readonly connect: () => Wire,
    private readonly newId: () => string,
    private readonly files: FileKeeper,
    private readonly bring: Bring,
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
    if (said) this.#write({ id: this.newId(), text: said });
  }

  /** Send a file, as a message of its own. */
  async attach(file: File): Promise<void> {
    if (file.size > LARGEST_FILE || file.size === 0) {
      this.noFile = file.size ? 'tooLarge' : 'wrongKind';
      this.changed([]);
      return;
    }
    const id = this.newId();
    await this.files.put(id, file);
    this.#write({ id, text: '', file: { name: file.name, type: file.type, size: file.size } }, URL.createObjectURL(file));
  }

  #write(written: Unsent, url?: string): void {
    this.over = false;
    this.noFile = null;
    this.#told = 0; // what is written next is told at once
    this.#keep({ unsent: [...this.#kept.unsent, written] });
    this.messages = [...this.messages, mine(written, url)];
    this.open();
    this.#sendAll();
    this.changed([]);
  }

  /** The last of the visitor's messages that an agent has read. */
  get readByAgent(): Message | undefined {
    const read = this.#ours.get(this.#read ?? '') ?? this.#read;
    const at = this.messages.findIndex((each) => each.id === read);
    return this.messages.slice(0, at + 1).findLast((each) => each.side === 'customer');
  }

  /** The visitor has what is here before their eyes. */
  see(): void {
    const last = this.messages.findLast((each) => each.side === 'agent')?.id;
    if (!this.online || !last || last === this.#readTold) return;
    this.#readTold = last;
    this.#wire?.send(JSON.stringify({ type: 'read', message: last }));
  }

  /** Have the conversation sent by mail. */
  mail(to: string, language: string): void {
    this.mailed = 'asked';
    this.#asked = { type: 'transcript', id: this.newId(), to, language };
    this.#ask();
    this.changed([]);
  }

  #ask(): void {
    if (this.#asked && this.online) this.#wire?.send(JSON.stringify(this.#asked));
  }

  /** The visitor is writing. */
  writing(): void {
    if (!this.online || this.messages.length === 0 || Date.now() - this.#told < WRITING_MS) return;
    this.#told = Date.now();
    this.#wire?.send('{"type":"writing"}');
  }

  /** Say something of the call; what cannot be said now is said by itself when the page is back. */
  tellCall(frame: { type: 'call' | 'hang_up' }): void {
    if (this.online) this.#wire?.send(JSON.stringify(frame));
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
      this.#readTold = '';
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
        this.messages = [...told.messages.map((each) => ({ ...each, id: this.#ours.get(each.id) ?? each.id })), ...this.#kept.unsent.map((each) => this.messages.find((one) => one.id === each.id) ?? mine(each))];
        this.#read = told.read ?? null;
        this.transcript = told.transcript ?? false;
        this.email = told.email ?? '';
        this.calls = told.calls ?? false;
        this.#keep({ token: told.visitor });
        this.#sendAll();
        this.#ask();
        this.callTold(told.call ?? null);
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
        // It was brought as somebody else, who was logged in meanwhile.
        if (told.why === 'no_file') this.#keep({ unsent: this.#kept.unsent.map((each) => (each.id === told.id ? { ...each, brought: undefined } : each)) });
        setTimeout(() => this.#sendAll(), told.why === 'too_fast' ? TOO_FAST_MS : LATER_MS);
        this.changed([]);
        return;
      case 'writing':
        this.#isWriting(told.by);
        this.changed([]);
        return;
      case 'read':
        this.#read = told.message;
        this.changed([]);
        return;
      case 'transcript':
        if (told.id !== this.#asked?.id) return;
        // What is to come again later is asked for again, under the same name.
        if (told.why_not === 'later') setTimeout(() => this.#ask(), LATER_MS);
        else {
          this.#asked = null;
          this.mailed = told.why_not === null ? 'sent' : told.why_not === 'no_address' || told.why_not === 'too_many' ? told.why_not : 'failed';
          this.changed([]);
        }
        return;
      case 'call':
        this.callTold(told.call);
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
    this.#forget(id);
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
    if (next.file && !next.brought) {
      void this.#bringFile(next, next.file.name);
      return;
    }
    this.#wire?.send(JSON.stringify({ type: 'say', id: next.id, text: next.text, ...(next.brought ? { files: [next.brought] } : {}) }));
    setTimeout(() => {
      // The line is dead, and nobody told us.
      if (this.#wire === wire && this.#sent.has(next.id)) wire?.close();
    }, TAKEN_MS);
  }

  /** Bring a file's bytes to the service, as often as it takes; then it can be said. */
  async #bringFile(next: Unsent, name: string): Promise<void> {
    const file = await this.files.get(next.id);
    const answer = file && (await this.bring(next.id, name, file, this.#kept.token ?? '', this.identity()).catch(() => null));
    const told = answer && answer.status < 300 ? ((await answer.json().catch(() => null)) as (FileAt & { id: string }) | null) : null;
    this.#sent.delete(next.id);
    if (!this.#kept.unsent.some((each) => each.id === next.id)) return; // a cut had it brought twice
    const why = file ? NO_FILE[answer?.status ?? 0] : 'lost';
    if (told) {
      this.#keep({ unsent: this.#kept.unsent.map((each) => (each.id === next.id ? { ...each, brought: told.id } : each)) });
      // Where there is no preview of it, as after a reload, it is shown from where it is kept.
      this.messages = this.messages.map((each) => (each.id === next.id && !each.files?.[0]?.url ? { ...each, files: [told] } : each));
    } else if (why) {
      this.noFile = why;
      this.#forget(next.id);
      this.messages = this.messages.filter((each) => each.id !== next.id);
    } else {
      this.waits = 'later';
      setTimeout(() => this.#sendAll(), LATER_MS);
      this.changed([]);
      return;
    }
    this.#sendAll();
    this.changed([]);
  }

  #forget(id: string): void {
    this.#sent.delete(id);
    if (this.#kept.unsent.some((each) => each.id === id && each.file)) this.files.drop(id);
    this.#keep({ unsent: this.#kept.unsent.filter((each) => each.id !== id) });
  }

  #keep(change: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...change };
    this.keeper.write(this.#kept);
  }
}
