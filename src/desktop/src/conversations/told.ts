/** What the service tells of all conversations in writing. */

import type { Card } from '../state';

export interface Conversation extends Pick<Card, 'id' | 'caller_name' | 'address' | 'customer'> {
  medium: string;
  stage: 'in_flow' | 'waiting' | 'offered' | 'talking' | 'wrap_up';
  stage_since: string;
  arrived_at: string;
  queue: { id: string; title: string } | null;
  agent: { id: string; name: string } | null;
  /** The last word of the customer or an agent; hidden and files have no text. */
  last: { side: 'customer' | 'agent'; text: string; at: string } | null;
  /** Since when the customer waits for somebody's answer. */
  unanswered_since: string | null;
  /** By when they are to be answered, where their channel says so. */
  answer_by: string | null;
}

/** A channel's service level: how soon to answer, in seconds, and how it was today. */
export interface Level {
  name: string;
  medium: string;
  answer_within_s: number | null;
  answered_today: number;
  in_time_today: number;
}

export interface Board {
  channels: Level[];
  conversations: Conversation[];
  in_all: number;
}

/** Return those in which all words of a search are found: in names, agents, queues and last words. */
export function found(conversations: Conversation[], search: string, nameOf: (one: Conversation) => string): Conversation[] {
  const wanted = search.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return conversations.filter((one) => {
    const said = [nameOf(one), one.agent?.name, one.queue?.title, one.last?.text].join(' ').toLocaleLowerCase();
    return wanted.every((word) => said.includes(word));
  });
}
