/** What the service tells of the channels. */

export interface Channel {
  name: string;
  kind: string;
  medium: string;
  reached_at: string;
  quality: Record<string, string>;
  /** Whether its provider takes messages; null where it has none. */
  provider: { ready: boolean; detail: string } | null;
  waiting: number;
  failed: number;
}

/** A message that did not come there. */
export interface Letter {
  id: string;
  channel: string;
  address: string;
  at: string;
  tries: number;
  why: string | null;
}

export interface Channels {
  channels: Channel[];
  failed: Letter[];
}
