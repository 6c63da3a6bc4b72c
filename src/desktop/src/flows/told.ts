/** What the service tells of the flows, and asking for it. */

export interface Problem {
  file: string;
  line: number;
  column: number;
  severity: 'error' | 'warning';
  code: string;
  message: string;
  hint: string;
  /** The step on whose lines it is. */
  step?: string | null;
}

export interface TestsInShort {
  running: boolean;
  /** Why there is no newer verdict. */
  fault: string;
  passed: number;
  failed: number;
  /** Mistakes in the file of tests. */
  unreadable: number;
}

/** A flow as the list has it. `version` is what serves, null when nothing does; `draft` is the file as it is on disk. */
export interface FlowInShort {
  name: string;
  title: string;
  file: string;
  numbers: string[];
  any_other_number: boolean;
  channels: string[];
  media: string[];
  language: string | null;
  version: string | null;
  draft: string;
  serves: boolean;
  errors: number;
  warnings: number;
  tests: TestsInShort;
}

export interface Way {
  label: string;
  to: string;
  /** Whether there is such a step. */
  there: boolean;
}

export interface Step {
  name: string;
  title: string;
  kind: string;
  words: string;
  line: number;
  ways: Way[];
}

export interface Version {
  version: string;
  start: string | null;
  steps: Step[];
}

export interface Verdict {
  name: string;
  medium: string;
  passed: boolean;
  version: string;
  file: string;
  line: number;
  expected: string | null;
  came: string | null;
  conversation: { who: string; text: string }[];
}

export interface Flow extends FlowInShort {
  serving: Version | null;
  /** The file as it is on disk, where that is not what serves. */
  on_disk: Version | null;
  problems: Problem[];
  tests: TestsInShort & { verdicts: Verdict[]; problems: Problem[] };
}

export interface Listing {
  flows: FlowInShort[];
  /** Of files of tests beside which there is no flow. */
  problems: Problem[];
}

export type Which = 'serving' | 'disk';

/** Why something could not be had. */
export class NotTold extends Error {
  constructor(readonly status: number | null) {
    super(`not told: ${status ?? 'no answer'}`);
  }
}

async function asked(path: string, signal: AbortSignal): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, { signal });
  } catch {
    throw new NotTold(null);
  }
  if (!answer.ok) throw new NotTold(answer.status);
  return answer;
}

export const askList = async (signal: AbortSignal): Promise<Listing> => (await asked('/api/flows', signal)).json() as Promise<Listing>;

export const askFlow = async (name: string, signal: AbortSignal): Promise<Flow> =>
  (await asked(`/api/flows/${encodeURIComponent(name)}`, signal)).json() as Promise<Flow>;

/** Ask for the picture, as the text of an SVG file. */
export const askDrawing = async (name: string, which: Which, signal: AbortSignal): Promise<string> =>
  (await asked(`/api/flows/${encodeURIComponent(name)}/drawing${which === 'disk' ? '?of=disk' : ''}`, signal)).text();
