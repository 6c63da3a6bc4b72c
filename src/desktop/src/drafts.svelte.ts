/** What the agent writes and chooses for an interaction: the note goes to the service as a draft, so a reload loses nothing. */

import { desk } from './desk.svelte';
import type { Card } from './state';
import { words } from './words';

const KEEP_AFTER_MS = 500;

class Drafts {
  #notes = $state<Record<string, string>>({});
  #unkept = $state<Record<string, boolean>>({});
  #outcomes = $state<Record<string, string>>({});
  saving = $state<string | null>(null);
  /** The card whose outcome was missing when it was to be saved. */
  incomplete = $state<string | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  note(card: Card): string {
    return this.#notes[card.id] ?? card.note;
  }

  outcome(card: Card): string | null {
    return this.#outcomes[card.id] ?? card.disposition;
  }

  isKept(card: Card): boolean {
    return !this.#unkept[card.id];
  }

  write(card: Card, text: string): void {
    this.#notes[card.id] = text;
    this.#unkept[card.id] = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.keep(), KEEP_AFTER_MS);
  }

  choose(card: Card, code: string): void {
    this.#outcomes[card.id] = code;
    this.incomplete = null;
  }

  /** Choose the n-th outcome of the list, counted from 1. */
  chooseNth(card: Card, nth: number): void {
    const one = desk.state?.centre.dispositions[nth - 1];
    if (one) this.choose(card, one.code);
  }

  /** Send every note that the service does not have yet. */
  keep(): void {
    clearTimeout(this.#timer);
    if (!desk.online) return;
    for (const interaction of Object.keys(this.#unkept).filter((id) => this.#unkept[id])) {
      const text = this.#notes[interaction] ?? '';
      void desk.command('note', { interaction, text }, { quiet: true }).then((reply) => {
        // A refusal will not become better: the interaction has moved on.
        const answered = reply.ok || !['offline', 'no_reply'].includes(reply.error.code);
        if (answered && this.#notes[interaction] === text) delete this.#unkept[interaction];
      });
    }
  }

  async save(card: Card): Promise<void> {
    const disposition = this.outcome(card);
    if (!disposition) this.incomplete = card.id;
    else if (desk.online && this.saving !== card.id) await this.#send(card, disposition);
  }

  async #send(card: Card, disposition: string): Promise<void> {
    clearTimeout(this.#timer);
    this.saving = card.id;
    delete this.#unkept[card.id];
    await desk.command('wrap_up', { interaction: card.id, disposition, note: this.note(card) });
    this.saving = null;
  }
}

export const drafts = new Drafts();

/** Say what is done with the note. */
export function noteStatus(card: Card): string {
  if (drafts.isKept(card)) return drafts.note(card) ? words.noteKept : '';
  return desk.online ? words.noteKeeping : words.noteWaits;
}
