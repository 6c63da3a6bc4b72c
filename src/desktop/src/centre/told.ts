/** What the service tells of the centre, and asking it: what is in force, what a draft would change, making it so. */

export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };
export type Entries = { [key: string]: Value };

export interface Field {
  name: string;
  required: boolean;
  default: Value;
  kind: 'text' | 'duration' | 'flag' | 'number' | 'choice' | 'choices' | 'name' | 'names' | 'lines' | 'map' | 'group' | 'rows' | 'words' | 'other';
  /** The section whose entries are named here. */
  of?: string | null;
  choices?: string[];
  /** Of a number. */
  whole?: boolean;
  least?: number | null;
  most?: number | null;
  /** Of words: whether they have several lines. */
  lines?: boolean;
  /** Of a map: what stands behind each key. */
  value?: Field;
  /** Of a group, and of each row. */
  fields?: Field[];
}

/** A key of the centre: a field of its own, or entries by key (`map`) or by code, in their order (`list`). */
export type Section = { shape: 'field' } & Field | { shape: 'map' | 'list'; name: string; required: boolean; fields: Field[] };
export type EntrySection = Exclude<Section, { shape: 'field' }>;

export interface Version {
  number: number;
  at: string;
  by: string;
  source: 'file' | 'cli' | 'page';
  message: string;
}

export interface Whole {
  version: Version;
  sections: Section[];
  /** As they are written: what is left out is not here. */
  values: Entries;
  /** What is wrong with the centre file on disk. */
  fault: string;
}

export interface Change {
  section: string;
  key: string | null;
  kind: 'added' | 'removed' | 'changed' | 'moved';
  words: string;
}

export interface Problem {
  line: number;
  column: number;
  code: string;
  message: string;
  hint: string;
  path: string[];
}

export interface Plan {
  base: number;
  changes: Change[];
  warnings: string[];
  problems: Problem[];
  rewritten: boolean;
}

export type Edit = { path: string[]; value: Value } | { path: string[]; remove: true } | { path: string[]; order: string[] };
export type Draft = { edits: Edit[] } | { text: string } | { back_to: number };

export interface Past extends Omit<Version, 'number'> {
  version: number;
  changes: Change[];
}

/** Somebody applied another version meanwhile: which, and what it changed. */
export interface Overtaken {
  in_force: Version;
  changes: Change[];
}

export type Answer<T> =
  | { kind: 'told'; told: T }
  | { kind: 'overtaken'; by: Overtaken }
  | { kind: 'problems'; problems: Problem[] }
  /** `status` null: nobody answered. */
  | { kind: 'fault'; status: number | null; message: string };

async function asked<T>(path: string, options: RequestInit = {}): Promise<Answer<T>> {
  const answer = await fetch(path, options).catch(() => null);
  if (answer === null) return { kind: 'fault', status: null, message: '' };
  const body = (await answer.json().catch(() => null)) as Record<string, unknown> | null;
  if (answer.ok && body) return { kind: 'told', told: body as T };
  if (answer.status === 409 && body?.['in_force']) return { kind: 'overtaken', by: body as unknown as Overtaken };
  if (answer.status === 422 && body?.['problems']) return { kind: 'problems', problems: body['problems'] as Problem[] };
  return { kind: 'fault', status: answer.status, message: (body?.['error'] as { message?: string } | undefined)?.message ?? '' };
}

const posted = (body: object, signal?: AbortSignal): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
  ...(signal ? { signal } : {}),
});

export const askWhole = () => asked<Whole>('/api/centre');
export const askPlan = (base: number, draft: Draft, signal: AbortSignal) => asked<Plan>('/api/centre/plan', posted({ base, ...draft }, signal));
export const askApply = (base: number, draft: Draft, message: string) => asked<{ version: Version }>('/api/centre/apply', posted({ base, ...draft, message }));
export const askHistory = (below: number | null) => asked<{ versions: Past[]; more: boolean }>(`/api/centre/history${below === null ? '' : `?below=${below}`}`);
export const askVersion = (number: number) => asked<Version & { text: string }>(`/api/centre/versions/${number}`);
