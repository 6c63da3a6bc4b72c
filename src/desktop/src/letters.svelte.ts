/** What a mail that is being written has beside its words: copies, a subject, files. */

import type { Attached, Writing } from './drafting';
import type { Card } from './state';
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

class Letters {
  /** How many files are on their way to the service. */
  attaching = $state(0);
  notAttached = $state<string | null>(null);

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

  async attach(card: Card, files: Iterable<File>): Promise<void> {
    this.notAttached = null;
    for (const file of files) {
      this.attaching += 1;
      const request = { method: 'POST', body: file, headers: { 'Content-Type': file.type || 'application/octet-stream' } };
      const answer = await fetch(`/api/files?name=${encodeURIComponent(file.name)}`, request).catch(() => null);
      this.attaching -= 1;
      if (answer?.ok) this.write(card, { files: [...this.head(card).files, (await answer.json()) as Attached] });
      else this.notAttached = file.name;
    }
  }

  detach(card: Card, id: string): void {
    this.write(card, { files: this.head(card).files.filter((file) => file.id !== id) });
  }
}

export const letters = new Letters();
