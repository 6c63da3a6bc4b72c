/** What the service tells the desktop: the shapes of the websocket's contract, and the one way they change. */

export type PresenceKind = 'offline' | 'ready' | 'not_ready';
export type PhoneKind = 'browser' | 'sip';
export type Stage = 'offered' | 'talking' | 'wrap_up' | 'ended';

/** A browser's SIP account. The password itself never comes here, only its digest. */
export interface SipAccount {
  uri: string;
  user: string;
  realm: string;
  /** Only for the browser's own account. */
  ha1?: string;
  ws_port: number;
  secure: boolean;
  /** Where a SIP phone registers. */
  host?: string;
  port?: number;
}

export interface Me {
  id: string;
  name: string;
  role: string;
  presence: PresenceKind;
  reason: string | null;
  since: string;
  /** When they are ready again by themselves, having let an offer ring. */
  back_at: string | null;
  /** The interaction in hand. */
  busy: string | null;
  phone: { kind: PhoneKind; endpoint: string; reachable: boolean; sip: SipAccount };
}

export interface Coded {
  code: string;
  title: string;
}

export interface Address {
  raw: string;
  e164: string | null;
  national: string;
  anonymous: boolean;
}

export interface PathStep {
  flow: string;
  step: string;
  title: string;
  at: string;
  answer: string | null;
}

export interface Note {
  at: string;
  by: string | null;
  text: string;
}

export interface Customer {
  id: string;
  name: string | null;
  tags: string[];
  addresses: string[];
  notes: Note[];
}

export interface PastInteraction {
  id: string;
  at: string;
  medium: string;
  queue: string | null;
  agent: string | null;
  disposition: string | null;
  note: string | null;
  talked_s: number | null;
  outcome: string | null;
}

/** Whom to call back, how often that was tried in vain, and since when they wait for it. */
export interface Callback {
  /** Null where a visitor talks by their browser. */
  number: { national: string; e164: string } | null;
  tries: number;
  /** It was asked for in writing, which can be read. */
  written: boolean;
  /** The agent is on the phone, and the customer's rings. */
  dialling: boolean;
  asked_at: string;
}

/** A callback that nobody took: whose it was, and when it is tried again; null when it was given up. */
export interface NotReached {
  id: string;
  address: Address;
  caller_name?: string;
  customer: Customer | null;
  tries: number;
  again_at: string | null;
}

/** What routing went by. As many able agents as `at_most` means that many or more. */
export interface Routed {
  by: 'kept' | 'only' | 'rank' | 'skill' | 'strategy' | 'beside';
  strategy: string;
  able: number;
  at_most: number;
  asked: { title: string; level: number }[];
  preferred: string[];
  relaxed: boolean;
}

export interface Card {
  id: string;
  medium: 'voice' | 'chat' | 'sms' | 'email';
  work: 'call' | 'voicemail' | 'callback';
  stage: Stage;
  stage_since: string;
  arrived_at: string;
  waiting_since: string | null;
  waited_s: number | null;
  /** With `auto_answer` the phone answers by itself. */
  offer: { id: string; expires_at: string; auto_answer?: boolean } | null;
  queue: { id: string; title: string } | null;
  /** Why it came to this agent; a service of an earlier release does not say. */
  routed?: Routed | null;
  /** How soon customers of this channel are to be answered, in seconds. */
  answer_within_s?: number | null;
  dialled: string;
  /** In which the customer is spoken to; a service of an earlier release does not say. */
  language?: string;
  /** The name on the wire; anybody can write anything there. */
  caller_name?: string;
  address: Address;
  customer: Customer | null;
  path: PathStep[];
  answers: Record<string, string>;
  held_since: string | null;
  wrap_up_until: string | null;
  note: string;
  disposition: string | null;
  voicemail: { seconds: number; url: string } | null;
  callback: Callback | null;
  timeline: PastInteraction[];
}

/** One message of a conversation in writing; what is hidden was said and is kept nowhere. */
export type Delivery = 'waiting' | 'sent' | 'delivered' | 'failed' | 'taken_back';

export interface Person {
  address: string;
  name: string;
}

/** A file at a message; what came has a number by which it is fetched. */
export interface AttachedFile {
  number?: number;
  /** Of ours, under which it is kept. */
  id?: string;
  name: string;
  type: string;
  size: number;
}

/** What stands beside the words of a mail: all of it of those that came, the last four of ours. */
export interface MailDetails {
  from?: Person;
  answers_go_to?: Person[];
  to?: Person[];
  /** More than its words is to be seen: what it quotes, or its own looks. */
  more?: boolean;
  whole?: boolean;
  kind?: 'person' | 'notice' | 'away' | 'bounce';
  /** What DMARC says, by the server that is trusted with it. */
  verdict?: string | null;
  subject?: string;
  cc?: (Person | string)[];
  bcc?: string[];
  files?: AttachedFile[];
  /** The replies that a message of ours began as. */
  replies?: string[];
}

/** What is written in a conversation and not sent, by whoever wrote it last; the higher version holds. */
export interface Draft {
  version: number;
  by: { id: string; name: string };
  at: string;
  text: string;
  subject: string;
  cc: string;
  bcc: string;
  files: { id: string; name: string; type: string; size: number }[];
  /** The replies that were chosen for it. */
  replies: string[];
}

export interface Message {
  id: string;
  at: string;
  /** A colleague's word is for the agent alone. */
  side: 'customer' | 'flow' | 'agent' | 'colleague';
  text: string;
  /** The agent who wrote it. */
  by: string | null;
  /** What the customer could choose from. */
  choices: string[];
  hidden: boolean;
  /** How far it has come, where a provider carries it. */
  delivery?: Delivery | null;
  why?: string | null;
  /** When it goes out; it can be taken back until then. */
  due?: string | null;
  details?: MailDetails;
  /** The customer has read up to here. */
  read?: boolean;
}

export interface QueueStrip {
  id: string;
  title: string;
  waiting: number;
  longest_since: string | null;
  ready: number;
  mine: boolean;
}

/** The agent's own figures since midnight; times in seconds. */
export interface Today {
  handled: number;
  talk_s: number;
  wrap_s: number;
  missed: number;
  longest_talk_s: number;
}

export interface Part {
  ready: boolean;
  detail: string;
}

export interface Centre {
  name: string;
  region: string;
  dispositions: Coded[];
  reasons: Coded[];
  /** Another revision: the replies are others; empty where there are none. A service of an earlier release does not say. */
  replies?: string;
}

/** A conversation as somebody sees it who looks into it. */
export interface Watched extends Omit<Card, 'stage'> {
  stage: Stage | 'in_flow' | 'waiting';
  agent: { id: string; name: string } | null;
}

export interface State {
  me: Me;
  interactions: Record<string, Card>;
  /** What was written in each interaction on the desk, where people write; a service of an earlier release does not say. */
  threads?: Record<string, Message[]>;
  /** What is written in each of them and not sent. */
  drafts?: Record<string, Draft>;
  queues: Record<string, QueueStrip>;
  today: Today;
  parts: Record<string, Part>;
  centre: Centre;
  /** What came of the last callback when nobody took it, until the next thing. */
  not_reached?: NotReached | null;
  /** How many people are at each step of each flow, where there are any; for those who look after flows. */
  at_steps?: Record<string, Record<string, number>>;
  /** Another revision: the flows or what their tests came to are others, fetch them again. */
  flows?: { revision: string };
  /** The flows to which an agent may hand a conversation, by name, in the order of their titles. */
  for_agents?: Record<string, { title: string; media: string[] }>;
  /** The version of the centre in force; for those who may change it. */
  centre_version?: { number: number };
  /** The conversation of somebody else that is looked into; for those who may look. */
  watched?: Watched | null;
  /** Whether this is somebody who may give what waits to one agent. */
  assigns?: boolean;
}

export type DeskEvent =
  | { kind: 'me'; me: Me }
  | { kind: 'interaction'; interaction: Card }
  | { kind: 'interaction_gone'; id: string }
  | { kind: 'thread'; id: string; messages: Message[] }
  | { kind: 'watched'; watched: Watched | null }
  | { kind: 'message'; id: string; message: Message }
  | { kind: 'delivery'; id: string; message: string; delivery: Delivery | null; why: string | null; due?: string | null }
  | { kind: 'read'; id: string; message: string }
  | { kind: 'draft'; id: string; draft: Draft }
  /** In the place of one whose words a later one says again. */
  | { kind: 'passed' }
  | { kind: 'queue'; queue: QueueStrip }
  | { kind: 'today'; today: Today }
  | { kind: 'parts'; parts: Record<string, Part> }
  | { kind: 'not_reached'; not_reached: NotReached | null }
  | { kind: 'at_steps'; flows: Record<string, Record<string, number>> }
  | { kind: 'flows'; flows: { revision: string } }
  | { kind: 'for_agents'; for_agents: Record<string, { title: string; media: string[] }> };

/** Return the state after one event. What is there is replaced whole, by its key; an event of a later version changes nothing. */
export function apply(state: State, event: DeskEvent): State {
  switch (event.kind) {
    case 'me':
      return { ...state, me: event.me };
    case 'interaction':
      return { ...state, interactions: { ...state.interactions, [event.interaction.id]: event.interaction } };
    case 'interaction_gone': {
      const { [event.id]: _gone, ...interactions } = state.interactions;
      const { [event.id]: _read, ...threads } = state.threads ?? {};
      const { [event.id]: _left, ...drafts } = state.drafts ?? {};
      return { ...state, interactions, threads, drafts };
    }
    case 'draft':
      return { ...state, drafts: { ...state.drafts, [event.id]: event.draft } };
    case 'thread':
      return { ...state, threads: { ...state.threads, [event.id]: event.messages } };
    case 'delivery': {
      const thread = state.threads?.[event.id];
      if (!thread?.length) return state;
      const { delivery, why, due = null } = event;
      return { ...state, threads: { ...state.threads, [event.id]: thread.map((each) => (each.id === event.message ? { ...each, delivery, why, due } : each)) } };
    }
    case 'read': {
      const thread = state.threads?.[event.id];
      if (!thread?.length) return state;
      return { ...state, threads: { ...state.threads, [event.id]: thread.map((each) => ({ ...each, read: each.id === event.message })) } };
    }
    case 'message': {
      const thread = state.threads?.[event.id] ?? [];
      // The thread that came with the card may have it already.
      const grown = thread.some((each) => each.id === event.message.id) ? thread : [...thread, event.message];
      return { ...state, threads: { ...state.threads, [event.id]: grown } };
    }
    case 'watched': {
      const { watched: looked } = state;
      const gone = looked && !state.interactions[looked.id] && looked.id !== event.watched?.id;
      const { [gone ? looked.id : '']: _left, ...threads } = state.threads ?? {};
      return { ...state, watched: event.watched, threads };
    }
    case 'queue':
      return { ...state, queues: { ...state.queues, [event.queue.id]: event.queue } };
    case 'today':
      return { ...state, today: event.today };
    case 'parts':
      return { ...state, parts: event.parts };
    case 'not_reached':
      return { ...state, not_reached: event.not_reached };
    case 'at_steps': {
      const flows = Object.entries({ ...state.at_steps, ...event.flows });
      return { ...state, at_steps: Object.fromEntries(flows.filter(([, steps]) => Object.keys(steps).length > 0)) };
    }
    case 'flows':
      return { ...state, flows: event.flows };
    case 'for_agents':
      return { ...state, for_agents: event.for_agents };
    default:
      return state;
  }
}

const RANK: Record<Stage, number> = { talking: 0, offered: 1, wrap_up: 2, ended: 3 };

/** Return the cards in the order of their urgency: talk first, then what rings, then what is to be written down; who talks before who writes. */
export function inOrder(state: State): Card[] {
  return Object.values(state.interactions)
    .filter((card) => card.stage !== 'ended')
    .sort((a, b) => RANK[a.stage] - RANK[b.stage] || Number(isWritten(a)) - Number(isWritten(b)) || a.arrived_at.localeCompare(b.arrived_at));
}

/** Whether this work rings the agent's phone, and is talked on there. */
export const ringsPhone = (card: Card): boolean => (card.work === 'call' || card.work === 'callback') && !isWritten(card);

const WRITTEN = new Set(['chat', 'sms', 'email']);

/** Whether people write in it, rather than talk. */
export const isWritten = (card: Pick<Card, 'medium'>): boolean => WRITTEN.has(card.medium);

/** Whether the phone that is rung for this card answers by itself: only where the service says so. */
export const answersByItself = (card: Card): boolean => card.stage === 'offered' && card.work === 'call' && !isWritten(card) && card.offer?.auto_answer === true;

/** Return the call that the phone's session belongs to: the one that rings or is talked on. */
export function callOnTheLine(state: State): Card | null {
  return inOrder(state).find((card) => ringsPhone(card) && card.stage !== 'wrap_up') ?? null;
}

/** Whether somebody who writes wants to talk, by their browser. */
export const isFromChat = (card: Card): boolean => card.callback?.number === null;

/** As what it is offered. */
export const offeredAs = (card: Card): Card['work'] | 'browser' => (isFromChat(card) ? 'browser' : card.work);

/** Whether the customer of a callback is being called: the agent is on the phone (the service may not have told yet), they are not. */
export function isDialling(card: Card, onThePhone: boolean): boolean {
  return card.stage === 'offered' && card.callback !== null && (card.callback.dialling || onThePhone);
}
