/** What agents write with, as the service has it: fetched with the first offer of something written, and again when it is other. */

import { desk } from './desk.svelte';
import { findable, type Findable, type Reply } from './replies';

interface Told {
  revision: string;
  language: string;
  rich: string[];
  replies: Reply[];
}

const TRY_AGAIN_MS = 5000;

class Replies {
  #told = $state.raw<Told | null>(null);
  #asked: string | null = null;

  all = $derived<Findable[]>(findable(this.#told?.replies ?? []));
  /** The centre's own language. */
  language = $derived(this.#told?.language ?? '');
  loading = $derived(this.#told?.revision !== this.revision);
  /** Whether there are any at all. */
  any = $derived((this.#told?.replies.length ?? 0) > 0);

  get revision(): string | undefined {
    return desk.state?.centre.replies;
  }

  /** Whether a channel's mails have looks. */
  isRich(channel: string): boolean {
    return this.#told?.rich.includes(channel) ?? false;
  }

  /** See to it that they are here; a service of an earlier release has none. */
  want(): void {
    const revision = this.revision;
    if (revision === undefined || revision === this.#asked) return;
    this.#asked = revision;
    void this.#fetch(revision);
  }

  async #fetch(revision: string): Promise<void> {
    const answer = await fetch(`/api/writing?revision=${encodeURIComponent(revision)}`).catch(() => null);
    if (revision !== this.#asked) return;
    if (answer?.ok) {
      this.#told = (await answer.json()) as Told;
      return;
    }
    setTimeout(() => {
      if (this.#asked !== revision) return;
      this.#asked = null;
      this.want();
    }, TRY_AGAIN_MS);
  }
}

export const replies = new Replies();
