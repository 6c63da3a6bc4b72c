/** What the desk says of conversations in writing. */

const offers: Record<string, string> = { chat: 'Chat', sms: 'Text message' };

export const chatWords = {
  offerOf: (medium: string) => offers[medium] ?? 'Message',
  medium: (medium: string) => offers[medium] ?? 'Message',
  visitor: (name: string) => `Visitor ${name}`,
  log: 'Messages',
  write: 'Write to the customer',
  send: 'Send',
  sending: 'Sending…',
  notSent: 'Not sent.',
  again: 'Send again',
  end: 'End chat',
  endLong: 'The customer is told, and you write down what came of it.',
  passOn: 'Pass on',
  passOnTo: 'Let it wait in another queue',
  readyThere: (many: number) => `${many} ready`,
  note: 'Note',
  waits: 'Unanswered',
  inTouch: 'In touch',
  unread: (many: number) => `${many} unread`,
  secret: 'Hidden: a secret the flow asked for',
  flow: 'Automatic',
  you: 'You',
  writes: (name: string) => `${name} is writing…`,
  noMessages: 'Nothing has been written yet.',
  busy: 'in a chat',
  hint: 'Enter sends, Shift+Enter begins a new line',
};
