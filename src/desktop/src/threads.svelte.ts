/** What is written in each conversation: the thread as the service tells it, and what this desk writes meanwhile. */

import { desk } from './desk.svelte';
import { page } from './page.svelte';
import type { LetterHead } from './letters.svelte';
import type { Card, Message } from './state';
import { writings } from './writing.svelte';

const NONE: Message[] = [];
const WRITING_MS = 3000;
const WRITES_MS = 6000;

/** A message of ours that the service has not told yet. */
export interface Sending {
  key: string;
  text: string;
  failed: boolean;
  letter?: LetterHead;
  /** The names of its files. */
  files?: string[];
  /** The replies that it began as. */
  replies: string[];
  /** The number under which its draft left. */
  draft: number;
}

class Threads {
  #sending = $state<Record<string, Sending[]>>({});
  #told = 0;
  #seen = $state<Record<string, number>>({});
  #readTold: Record<string, string> = {};

  of(card: Card): Message[] {
    return desk.state?.threads?.[card.id] ?? NONE;
  }

  sending(card: Card): Sending[] {
    return this.#sending[card.id] ?? [];
  }

  draft(card: Card): string {
    return writings.of(card).text;
  }

  write(card: Card, text: string): void {
    if (text && Date.now() - this.#told > WRITING_MS) {
      this.#told = Date.now();
      void desk.command('write', { interaction: card.id }, { quiet: true });
    }
    writings.write(card, { text });
  }

  /** Whether the customer is writing now. */
  isWriting(card: Card): boolean {
    const said = this.of(card).findLast((each) => each.side === 'customer')?.at;
    const told = desk.writes[card.id] ?? 0;
    return desk.ownNow - told < WRITES_MS && (said === undefined || desk.now - Date.parse(said) > desk.ownNow - told);
  }

  /** How many messages nobody has looked at. */
  unread(card: Card): number {
    return Math.max(0, toRead(this.of(card)) - (this.#seen[card.id] ?? 0));
  }

  /** Since when the customer waits for an answer; null when they do not. */
  waitsSince(card: Card): string | null {
    const thread = this.of(card);
    const answered = thread.findLastIndex((each) => each.side === 'agent');
    const first = thread.slice(answered + 1).find((each) => each.side === 'customer')?.at;
    if (first === undefined) return null;
    // What they told a flow before they came to people was for the flow.
    return card.waiting_since && Date.parse(card.waiting_since) > Date.parse(first) ? card.waiting_since : first;
  }

  /** Whether the customer waits longer for an answer than their channel promises. */
  isLate(card: Card): boolean {
    const since = this.waitsSince(card);
    return since !== null && card.answer_within_s != null && desk.now - Date.parse(since) > card.answer_within_s * 1000;
  }

  /** The agent looks at this conversation now. */
  see(card: Card): void {
    const many = toRead(this.of(card));
    if (this.#seen[card.id] !== many) this.#seen = { ...this.#seen, [card.id]: many };
    const last = this.of(card).findLast((each) => each.side === 'customer')?.id;
    // Who chats can be shown it; a telephone and a mail program cannot.
    if (card.medium !== 'chat' || !last || this.#readTold[card.id] === last || !desk.online) return;
    this.#readTold[card.id] = last;
    void desk.command('read', { interaction: card.id, message: last }, { quiet: true }).then((reply) => {
      if (!reply.ok) delete this.#readTold[card.id];
    });
  }

  /** Send what is written, with what it has beside its words. */
  async say(card: Card, letter?: LetterHead, files: string[] = []): Promise<void> {
    const text = this.draft(card).trim();
    if (!text && !letter?.files?.length) return;
    const { replies } = writings.of(card);
    const draft = writings.sent(card);
    this.#told = 0; // what is written next is told at once
    await this.#send(card, { key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, text, failed: false, files, replies, draft, ...(letter ? { letter } : {}) });
  }

  /** Take a mail back that has not gone out, and write on at it. */
  async takeBack(card: Card, message: Message): Promise<boolean> {
    const reply = await desk.command('take_back', { interaction: card.id, message: message.id });
    if (reply.ok) this.#writeOn(card, message);
    return reply.ok;
  }

  #writeOn(card: Card, { text, details = {} }: Message): void {
    const now = writings.of(card);
    const line = (addresses: unknown[] | undefined) => (addresses ?? []).join(', ');
    writings.write(card, {
      text: [text, now.text.trim()].filter(Boolean).join('\n\n'),
      subject: now.subject || (details.subject ?? ''),
      cc: now.cc || line(details.cc),
      bcc: now.bcc || line(details.bcc),
      files: [...(details.files ?? []).flatMap(({ id, name, size }) => (id ? [{ id, name, size }] : [])), ...now.files],
      replies: details.replies ?? [],
    });
  }

  /** Send once more what was not taken, under its own name: it is one message, whatever became of it. */
  async again(card: Card, what: Sending): Promise<void> {
    await this.#send(card, { ...what, failed: false });
  }

  /** Have a message sent once more that its provider did not deliver. */
  async sendAgain(card: Card, message: Message): Promise<void> {
    await desk.command('send_again', { interaction: card.id, message: message.id });
  }

  async #send(card: Card, what: Sending): Promise<void> {
    const others = () => this.sending(card).filter((each) => each.key !== what.key);
    this.#sending = { ...this.#sending, [card.id]: [...others(), what] };
    const { text, key, draft, replies, letter } = what;
    const beside = { ...(replies.length > 0 ? { replies } : {}), ...(letter ? { letter } : {}) };
    const reply = await desk.command('say', { interaction: card.id, text, key, draft, ...beside }, { quiet: true });
    this.#sending = { ...this.#sending, [card.id]: reply.ok ? others() : [...others(), { ...what, failed: true }] };
  }
}

/** How many are for the agent to read: the customer's, and what a supervisor tells them. */
const toRead = (thread: Message[]): number => thread.filter((each) => each.side === 'customer' || each.side === 'colleague').length;

/** Whether somebody can see the conversation of this card. */
export const isInView = (card: Card): boolean => !document.hidden && (page.asked?.name ?? 'desk') === 'desk' && desk.card?.id === card.id;

export const threads = new Threads();
