/** What the desk says of conversations in writing. */

import type { IconName } from './components/Icon.svelte';

const offers: Record<string, string> = { chat: 'Chat', sms: 'Text message', email: 'Email' };

export const chatWords = {
  offerOf: (medium: string) => offers[medium] ?? 'Message',
  medium: (medium: string) => offers[medium] ?? 'Message',
  visitor: (name: string) => `Visitor ${name}`,
  log: 'Messages',
  write: 'Write to the customer',
  send: 'Send',
  sending: 'Sending…',
  delivered: 'Delivered',
  waitsFor: (why: string) => `Not sent yet: ${why}`,
  failed: (why: string) => `Not delivered: ${why}`,
  parts: (many: number) => `${many} text messages`,
  endText: 'End conversation',
  endShort: 'End',
  endTextLong: 'You write down what came of it. What they send next begins anew.',
  notSent: 'Not sent.',
  again: 'Send again',
  end: 'End chat',
  endLong: 'The customer is told, and you write down what came of it.',
  passOn: 'Pass on',
  passOnTo: 'Let it wait in another queue',
  passOnToOne: 'Or give it to a colleague',
  toFlow: 'Or let a flow go on',
  andBack: 'then back to me',
  andEnd: 'then it is done',
  free: 'free',
  notFree: 'busy or away',
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
  busy: (medium: string) => ({ sms: 'in a text message', email: 'in a mail' })[medium] ?? 'in a chat',
  hint: 'Enter sends, Shift+Enter begins a new line',
};

/** The sign of a medium on which people write. */
export const signOf = (medium: string | undefined): IconName => (medium === 'email' ? 'mail' : 'chat');

const size = (bytes: number): string => (bytes < 1000 ? `${bytes} B` : bytes < 999_500 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`);

/** What the desk says of mails. */
export const mailWords = {
  write: 'Write an answer',
  noSubject: 'No subject',
  to: 'To',
  cc: 'Cc',
  bcc: 'Bcc',
  subject: 'Subject',
  copies: 'Copies and subject',
  addresses: 'Addresses, with commas between them',
  noAddress: (text: string) => `“${text}” is no address.`,
  toWhom: (people: string) => `to ${people}`,
  attach: 'Attach files',
  remove: (name: string) => `Remove ${name}`,
  attaching: 'Attaching…',
  notAttached: (name: string) => `${name} was not attached: it is too large (20 MB), or the service is away.`,
  file: (name: string, bytes: number) => `${name}, ${size(bytes)}`,
  size,
  whole: 'Show the whole mail',
  notWhole: 'Show less',
  page: 'The mail as it was sent',
  pictures: (many: number) => `Load ${many} ${many === 1 ? 'picture' : 'pictures'} from elsewhere`,
  picturesWhy: 'Whoever sent the mail can see that you load them.',
  raw: 'Source',
  sendsIn: (clock: string) => `Goes out in ${clock}`,
  undo: 'Undo',
  takenBack: 'Taken back',
  tooLarge: 'This mail is too large to be shown whole: it is whole in the mailbox.',
  kinds: { person: '', notice: 'Automatic mail', away: 'Automatic answer', bounce: 'From a mail server' } as Record<string, string>,
  kindWhy: 'A program wrote this. Nothing answers it by itself.',
  verdicts: { pass: 'Sender verified', fail: 'Sender not verified' } as Record<string, string>,
  verdictWhy: (verdict: string) => `DMARC: ${verdict}`,
  hint: 'Ctrl+Enter sends',
  end: 'End conversation',
  endLong: 'You write down what came of it. An answer that comes later begins anew, in the same thread.',
};
