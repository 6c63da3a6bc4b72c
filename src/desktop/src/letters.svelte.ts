/** What is being written has beside its words: files, and in a mail copies and a subject. */

import type { Attached, Writing } from './drafting';
import type { Card } from './state';
import { plain } from './format';
import { chatWords, mailWords } from './words_chat';
import { writings } from './writing.svelte';

const ADDRESS = /^[^\s,;:<>()[\]"\\]+@[^\s,;:<>()[\]"\\@]+$/;

export interface LetterHead {
  subject?: string;
  cc?: string[];
  bcc?: string[];
  files?: string[];
}

export type Head = Pick<Writing, 'cc' | 'bcc' | 'subject' | 'files'>;

/** Return the addresses of a line, and the first word that is none. */
export function addressesIn(line: string): { addresses: string[]; wrong: string | null } {
  const addresses = line
    .split(/[,;\n]/)
    .map((each) => (/<([^<>]+)>\s*$/.exec(each)?.[1] ?? each).trim())
    .filter(Boolean);
  return { addresses, wrong: addresses.find((each) => !ADDRESS.test(each)) ?? null };
}

/** What files a channel takes; `why_not` says why it takes none, if it takes none. */
export interface FileRule {
  most: number;
  largest: number;
  types: string[];
  why_not: string;
}

class Letters {
  /** How many files are on their way to the service. */
  attaching = $state(0);
  /** Why the last file was not attached. */
  notAttached = $state<string | null>(null);
  #rules = $state<Record<string, FileRule>>({});
  #asked = new Set<string>();

  head(card: Card): Head {
    return writings.of(card);
  }

  write(card: Card, changes: Partial<Head>): void {
    writings.write(card, changes);
  }

  /** What is not an address in what was typed. */
  wrong(card: Card): string | null {
    const { cc, bcc } = this.head(card);
    return addressesIn(cc).wrong ?? addressesIn(bcc).wrong;
  }

  /** What the service is told of it; nothing where it is a plain answer. */
  told(card: Card): LetterHead | undefined {
    const { cc, bcc, subject, files } = this.head(card);
    const head: LetterHead = {
      ...(cc.trim() ? { cc: addressesIn(cc).addresses } : {}),
      ...(bcc.trim() ? { bcc: addressesIn(bcc).addresses } : {}),
      ...(subject.trim() ? { subject: subject.trim() } : {}),
      ...(files.length > 0 ? { files: files.map((file) => file.id) } : {}),
    };
    return Object.keys(head).length > 0 ? head : undefined;
  }

  /** What files the other end of a conversation can be sent; null until it is known. */
  rule(card: Card): FileRule | null {
    return this.#rules[card.dialled] ?? null;
  }

  async askRule(card: Card): Promise<void> {
    if (this.#asked.has(card.dialled)) return;
    this.#asked.add(card.dialled);
    const answer = await fetch(`/api/files?channel=${encodeURIComponent(card.dialled)}`).catch(() => null);
    if (answer?.ok) this.#rules = { ...this.#rules, [card.dialled]: (await answer.json()) as FileRule };
    else this.#asked.delete(card.dialled);
  }

  async attach(card: Card, files: Iterable<File>): Promise<void> {
    this.notAttached = null;
    const channel = card.medium === 'email' ? '' : `&channel=${encodeURIComponent(card.dialled)}`;
    for (const file of files) {
      this.attaching += 1;
      const request = { method: 'POST', body: file, headers: { 'Content-Type': file.type || 'application/octet-stream' } };
      const answer = await fetch(`/api/files?name=${encodeURIComponent(file.name)}${channel}`, request).catch(() => null);
      this.attaching -= 1;
      if (answer?.ok) this.write(card, { files: [...this.head(card).files, (await answer.json()) as Attached] });
      else this.notAttached = await whyNot(plain(file.name, 80), answer);
    }
  }

  detach(card: Card, id: string): void {
    this.write(card, { files: this.head(card).files.filter((file) => file.id !== id) });
  }
}

async function whyNot(name: string, answer: Response | null): Promise<string> {
  if (answer?.status !== 409) return mailWords.notAttached(name);
  const told = (await answer.json()) as { error: { message: string } };
  return chatWords.notTaken(plain(told.error.message, 200));
}

export const letters = new Letters();
