/** Who waits now, and for whom they shall wait. */

import { Fetched } from '../fetched.svelte';
import type { Board } from './told';

export class WaitingBoard extends Fetched<Board> {
  /** For whom a wait shall be, where somebody chose without giving it yet; '' is everybody. */
  chosen = $state<Record<string, string>>({});

  constructor() {
    super('/api/waiting', (board) => {
      const there = new Set(board.waiting.map((one) => one.id));
      this.chosen = Object.fromEntries(Object.entries(this.chosen).filter(([id]) => there.has(id)));
    });
  }
}
