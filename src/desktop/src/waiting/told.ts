/** What the service tells of everybody who waits. */

import type { Card } from '../state';

export interface Waits extends Pick<Card, 'id' | 'work' | 'caller_name' | 'address' | 'customer'> {
  medium: string;
  waiting_since: string;
  queue: { id: string; title: string };
  priority: number;
  position: number | null;
  asks: { skill: string; level: number }[];
  /** For whom it waits: given to them by hand, or kept for a while by the flow. */
  kept_for: { id: string; assigned: boolean } | null;
}

/** Somebody who is logged in. `free_for`: the media of which they would be offered one now. */
export interface AtWork {
  id: string;
  name: string;
  queues: string[];
  free_for: string[];
}

export interface Board {
  waiting: Waits[];
  in_all: number;
  agents: AtWork[];
}
