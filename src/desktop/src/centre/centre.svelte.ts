/** What is known of the centre, and the draft of what it is to be. It outlives a turn to another page. */

import { editsBetween, put, valueAt, withEdits, withNameAgain, withoutName } from './draft';
import { askApply, askHistory, askPlan, askVersion, askWhole, type Draft, type Edit, type Entries, type Overtaken, type Past, type Plan, type Problem, type Value, type Whole } from './told';

const PLAN_AFTER_MS = 200;

export class Centre {
  whole = $state.raw<Whole | null>(null);
  /** The values as they are to be. */
  values = $state.raw<Entries>({});
  /** A draft of another sort than forms make: a text, or an older version. */
  other = $state.raw<{ text: string } | { back_to: number } | null>(null);
  plan = $state.raw<Plan | null>(null);
  planning = $state(false);
  applying = $state(false);
  message = $state('');
  overtaken = $state.raw<Overtaken | null>(null);
  /** The version that this page has applied last, to say so. */
  applied = $state<number | null>(null);
  /** Why something could not be had: the status of the answer, null when there was none; undefined when all is well. */
  fault = $state<number | null | undefined>(undefined);
  /** What the service says of a draft that it cannot even plan. */
  refused = $state('');
  past = $state.raw<Past[]>([]);
  more = $state(false);
  #owner: string | null = null;
  #later: ReturnType<typeof setTimeout> | undefined;
  #asking: AbortController | null = null;

  edits = $derived<Edit[]>(this.whole ? editsBetween(this.whole.values, this.values) : []);
  draft = $derived<Draft | null>(this.other ?? (this.edits.length ? { edits: this.edits } : null));
  problems = $derived<Problem[]>(this.draft && this.plan ? this.plan.problems : []);
  /** Whether the draft may be applied: planned, without mistakes, upon what is in force. */
  ready = $derived(this.draft !== null && this.plan !== null && !this.planning && !this.applying && !this.overtaken && !this.problems.length && !this.refused);

  /** Fetch what is in force, for whoever is here; `number` is the version that the service has told of. */
  async open(who: string, number: number): Promise<void> {
    if (this.#owner !== who) this.#forget(who);
    if (this.whole?.version.number === number && this.fault === undefined) return;
    if (this.draft && this.whole) return void this.#replan(0); // refused by the service, which says what came between
    await this.load();
  }

  async load(): Promise<void> {
    const answer = await askWhole();
    if (answer.kind !== 'told') return void (this.fault = answer.kind === 'fault' ? answer.status : null);
    this.fault = undefined;
    // A draft upon this very version stays.
    const kept = this.edits.length > 0 && this.whole?.version.number === answer.told.version.number;
    this.whole = answer.told;
    if (!kept) this.values = answer.told.values;
    await this.tellHistory();
  }

  at(path: string[]): Value | undefined {
    return valueAt(this.values, path);
  }

  /** Put a value into the draft; undefined takes it out. */
  set(path: string[], value: Value | undefined): void {
    this.applied = null;
    this.other = null;
    this.values = put(this.values, path, value);
    this.#replan(PLAN_AFTER_MS);
  }

  /** Put back what is in force at a place. */
  restore(path: string[]): void {
    this.set(path, valueAt(this.whole?.values, path));
  }

  /** Take an entry out, and its name out of all that names it: nobody has to go through everybody for that. */
  remove(section: string, key: string): void {
    if (!this.whole) return;
    this.values = withoutName(this.values, this.whole.sections, section, key);
    this.set([section, key], undefined);
  }

  /** Put back an entry that was taken out, and its name where nothing else was changed. */
  putBack(section: string, key: string): void {
    if (!this.whole) return;
    this.values = withNameAgain(this.values, this.whole, section, key);
    this.restore([section, key]);
  }

  write(other: { text: string } | { back_to: number } | null): void {
    this.applied = null;
    this.other = other;
    this.#replan(PLAN_AFTER_MS);
  }

  discard(): void {
    this.other = null;
    this.values = this.whole?.values ?? {};
    this.message = '';
    this.#replan(0);
  }

  async apply(): Promise<void> {
    if (!this.ready || !this.draft || !this.whole) return;
    this.applying = true;
    const answer = await askApply(this.whole.version.number, this.draft, this.message);
    this.applying = false;
    if (answer.kind === 'told') {
      this.discard();
      await this.load();
      this.applied = answer.told.version.number;
    } else if (answer.kind === 'overtaken') this.overtaken = answer.by;
    else if (answer.kind === 'problems') this.#replan(0);
    else this.fault = answer.status;
  }

  /** Somebody applied another version: go on upon that one, with this draft or without it. */
  async goOn({ keep }: { keep: boolean }): Promise<void> {
    const [edits, other] = [this.edits, this.other];
    this.overtaken = null;
    if (!keep) this.discard();
    await this.load();
    if (!keep || !this.whole) return;
    if (other === null) this.values = withEdits(this.whole.values, edits);
    this.other = other;
    this.#replan(0);
  }

  /** Fetch the latest versions, or those after the last that is shown. */
  async tellHistory({ more = false } = {}): Promise<void> {
    const answer = await askHistory(more ? (this.past.at(-1)?.version ?? null) : null);
    if (answer.kind !== 'told') return;
    this.past = more ? [...this.past, ...answer.told.versions] : answer.told.versions;
    this.more = answer.told.more;
  }

  async textOf(number: number): Promise<string | null> {
    const answer = await askVersion(number);
    return answer.kind === 'told' ? answer.told.text : null;
  }

  #forget(who: string): void {
    this.#owner = who;
    [this.whole, this.values, this.other, this.plan, this.overtaken, this.past, this.message] = [null, {}, null, null, null, [], ''];
  }

  #replan(after: number): void {
    clearTimeout(this.#later);
    this.#asking?.abort();
    this.refused = '';
    this.planning = this.draft !== null;
    if (this.draft === null) this.plan = null;
    else this.#later = setTimeout(() => void this.#ask(), after);
  }

  async #ask(): Promise<void> {
    const asking = (this.#asking = new AbortController());
    if (!this.draft || !this.whole) return;
    const answer = await askPlan(this.whole.version.number, this.draft, asking.signal);
    if (asking.signal.aborted) return;
    this.planning = false;
    if (answer.kind === 'told') [this.plan, this.fault] = [answer.told, undefined];
    else if (answer.kind === 'overtaken') this.overtaken = answer.by;
    else if (answer.kind === 'fault') {
      if (answer.status !== null && answer.status < 500 && answer.status !== 401 && answer.status !== 403) this.refused = answer.message;
      else this.fault = answer.status;
    }
  }
}

export const centre = new Centre();
