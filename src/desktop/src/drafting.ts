/** What is being written, between this desk and the service: which of both holds. Pure. */

import type { Draft } from './state';

export interface Attached {
  id: string;
  name: string;
  size: number;
}

export interface Writing {
  text: string;
  subject: string;
  cc: string;
  bcc: string;
  files: Attached[];
  /** The replies that were chosen for it. */
  replies: string[];
}

/** What was written here. `waiting`: the service has not been given it yet. */
export interface Local {
  writing: Writing;
  version: number;
  waiting: boolean;
}

export const EMPTY: Writing = { text: '', subject: '', cc: '', bcc: '', files: [], replies: [] };

/** Return what is to be seen: what was written here and not given away yet, else whichever is newer. */
export function shown(draft: Draft | undefined, local: Local | undefined): Writing {
  if (local && (local.waiting || local.version > (draft?.version ?? 0))) return local.writing;
  return draft ?? EMPTY;
}

/** Return what was written here after a change to what is seen. */
export function edited(draft: Draft | undefined, local: Local | undefined, changes: Partial<Writing>): Local {
  const { text, subject, cc, bcc, files, replies } = { ...shown(draft, local), ...changes };
  const empty = !text && !subject && !cc && !bcc && files.length === 0;
  return { writing: { text, subject, cc, bcc, files, replies: empty ? [] : replies }, version: highest(draft, local), waiting: true };
}

/** Return it as it is given to the service, under the next number. */
export const given = (draft: Draft | undefined, local: Local): Local => ({ ...local, version: highest(draft, local) + 1, waiting: false });

/** Return what is left here when it was sent as a message: nothing, under a number that no draft before has. */
export const emptied = (draft: Draft | undefined, local: Local | undefined): Local => ({ writing: EMPTY, version: highest(draft, local) + 1, waiting: false });

/** Whether what was written here need not be kept here: the service has it, or something newer. */
export const isKept = (draft: Draft | undefined, local: Local): boolean => !local.waiting && (draft?.version ?? 0) >= local.version;

/** Whether what waits here was sent meanwhile, from another desk of this agent: it must not come back. */
export const wasSent = (draft: Draft | undefined, local: Local, lastSaid: string | undefined): boolean =>
  (draft?.version ?? 0) > local.version && !draft?.text && lastSaid !== undefined && lastSaid === local.writing.text.trim();

const highest = (draft: Draft | undefined, local: Local | undefined): number => Math.max(draft?.version ?? 0, local?.version ?? 0);
