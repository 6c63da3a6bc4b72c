/** What the agent writes in each conversation. The service keeps it; here is only what it does not have yet. */

import { desk } from './desk.svelte';
import { edited, emptied, given, isKept, shown, wasSent, type Local, type Writing } from './drafting';
import type { Card, Draft } from './state';

const KEPT = 'trunkline.writing';
const EVERY_MS = 1000;
/** A long mail goes whole each time. */
const LONG = 6000;
const LONG_EVERY_MS = 3000;

class Writings {
  #locals = $state.raw<Record<string, Local>>(keptLocals());
  /** What the page before this one had: nobody knows whether the service was given it. */
  #unsure = new Set(Object.keys(this.#locals));
  #timer: ReturnType<typeof setTimeout> | undefined;

  of(card: Card): Writing {
    return shown(this.#draft(card.id), this.#locals[card.id]);
  }

  /** Whose draft is seen, where it is a colleague's; null where it is one's own. */
  by(card: Card): Draft | null {
    const draft = this.#draft(card.id);
    if (!draft || draft.by.id === desk.me?.id || shown(draft, this.#locals[card.id]) !== (draft as Writing)) return null;
    return draft.text || draft.subject || draft.cc || draft.bcc || draft.files.length > 0 ? draft : null;
  }

  write(card: Card, changes: Partial<Writing>): void {
    const local = edited(this.#draft(card.id), this.#locals[card.id], changes);
    this.#put(card.id, local);
    this.#timer ??= setTimeout(() => this.flush(), local.writing.text.length > LONG ? LONG_EVERY_MS : EVERY_MS);
  }

  /** Return the number under which a message leaves; nothing of its draft is left. */
  sent(card: Card): number {
    const local = emptied(this.#draft(card.id), this.#locals[card.id]);
    this.#put(card.id, local);
    return local.version;
  }

  /** Give the service all that it does not have yet. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!desk.online) return;
    for (const [id, local] of Object.entries(this.#locals)) {
      const draft = this.#draft(id);
      if (!desk.state?.interactions[id] || isKept(draft, local) || wasSent(draft, local, this.#lastSaid(id))) this.#put(id, undefined);
      else if (local.waiting || this.#unsure.has(id)) void this.#give(id, given(draft, local));
    }
    this.#unsure.clear();
  }

  #draft(id: string): Draft | undefined {
    return desk.state?.drafts?.[id];
  }

  #lastSaid(id: string): string | undefined {
    return desk.state?.threads?.[id]?.findLast((each) => each.side === 'agent')?.text;
  }

  async #give(id: string, local: Local): Promise<void> {
    this.#put(id, local);
    const { files, ...written } = local.writing;
    const reply = await desk.command('draft', { interaction: id, version: local.version, ...written, files: files.map((file) => file.id) }, { quiet: true });
    const now = this.#locals[id];
    // A refusal will not become better; what was not answered is given again once there is a connection.
    if (!reply.ok && ['offline', 'no_reply'].includes(reply.error.code) && now?.version === local.version) this.#put(id, { ...now, waiting: true });
    else this.#keep();
  }

  #put(id: string, local: Local | undefined): void {
    const { [id]: _before, ...others } = this.#locals;
    this.#locals = local ? { ...others, [id]: local } : others;
    this.#keep();
  }

  /** Keep what the service may not have for as long as the tab lives. */
  #keep(): void {
    const waiting = Object.entries(this.#locals).filter(([id, local]) => !isKept(this.#draft(id), local));
    if (waiting.length > 0) sessionStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(waiting)));
    else sessionStorage.removeItem(KEPT);
  }
}

/** Return what this tab had before it was loaded anew, but for what left as a message: that is with the service, or is the draft again. */
function keptLocals(): Record<string, Local> {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? '{}') as Record<string, Local>;
    return Object.fromEntries(Object.entries(kept).filter(([, local]) => local.waiting || local.writing.text || local.writing.subject));
  } catch {
    return {};
  }
}

export const writings = new Writings();
