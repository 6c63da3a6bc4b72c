/** What is known of the flows now: fetched anew when the service says that something is other, kept while it is away. */

import { askDrawing, askFlow, askList, NotTold, type Flow, type Listing, type Step, type Version, type Which } from './told';

export type Tab = 'step' | 'problems' | 'tests';

export class Flows {
  list = $state.raw<Listing | null>(null);
  flow = $state.raw<Flow | null>(null);
  /** The text of the picture that is shown; null where there is none. */
  picture = $state.raw<string | null>(null);
  which = $state<Which>('serving');
  step = $state<string | null>(null);
  tab = $state<Tab>('step');
  /** Why what is shown may be old: the status of the answer, null when there was none; undefined when all is well. */
  fault = $state<number | null | undefined>(undefined);
  #asking: AbortController | null = null;
  #name: string | null = null;

  /** The version that is drawn. */
  version = $derived<Version | null>(this.flow && (this.which === 'disk' ? (this.flow.on_disk ?? this.flow.serving) : (this.flow.serving ?? this.flow.on_disk)));
  chosen = $derived<Step | null>(this.version?.steps.find((one) => one.name === this.step) ?? null);

  /** Fetch the list and, where one is named, a flow; what came before stays until the new is there. */
  async load(name: string | null): Promise<void> {
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    if (name !== this.#name) this.#turnTo(name);
    try {
      const list = await askList(asking.signal);
      if (asking.signal.aborted) return;
      this.list = list;
      if (name !== null) await this.#loadFlow(name, asking.signal);
      this.fault = undefined;
    } catch (fault) {
      if (!asking.signal.aborted) this.fault = fault instanceof NotTold ? fault.status : null;
    }
  }

  /** Draw the version that serves, or the file as it is on disk. */
  async show(which: Which): Promise<void> {
    this.which = which;
    await this.load(this.#name);
  }

  /** Take back all that is under way. */
  leave(): void {
    this.#asking?.abort();
  }

  async #loadFlow(name: string, signal: AbortSignal): Promise<void> {
    const flow = await askFlow(name, signal);
    const which = flow.on_disk && this.which === 'disk' ? 'disk' : 'serving';
    const version = which === 'disk' ? flow.on_disk : (flow.serving ?? flow.on_disk);
    const picture = version?.steps.length ? await askDrawing(name, which, signal) : null;
    if (signal.aborted) return;
    [this.flow, this.which, this.picture] = [flow, which, picture];
  }

  #turnTo(name: string | null): void {
    this.#name = name;
    [this.flow, this.picture, this.step, this.which, this.tab] = [null, null, null, 'serving', 'step'];
  }
}
