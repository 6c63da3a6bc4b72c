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
  /** Their team's title. */
  team: string | null;
  queues: string[];
  free_for: string[];
}

export interface Board {
  waiting: Waits[];
  in_all: number;
  agents: AtWork[];
}

/** Return those at work by team, in the order of the teams' titles; those of no team come last, under null. */
export function byTeam(agents: AtWork[]): [string | null, AtWork[]][] {
  const teams = new Map<string | null, AtWork[]>();
  for (const agent of agents) teams.set(agent.team, [...(teams.get(agent.team) ?? []), agent]);
  return [...teams].sort(([one], [other]) => (one === null ? 1 : other === null ? -1 : one.localeCompare(other)));
}
