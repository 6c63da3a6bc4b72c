/**
 * A flow's picture in the page: copied sign by sign from the service's SVG, with the numbers of people laid over it.
 *
 * Titles of steps are admins' text. Only what a drawing is made of is copied, everything else is left out with all that is
 * in it; texts are set as texts. So nothing in the file can become a script, an image, a link or a style of the page.
 */

const SVG = 'http://www.w3.org/2000/svg';

const MAY: Record<string, readonly string[]> = {
  svg: ['viewBox'],
  g: ['class', 'transform', 'data-step'],
  title: [],
  rect: ['class', 'x', 'y', 'width', 'height', 'rx'],
  path: ['class', 'd'],
  circle: ['class', 'cx', 'cy', 'r'],
  text: ['class', 'x', 'y', 'text-anchor'],
};

/** Return a copy that can do nothing; null for what a drawing is not made of. */
function harmless(source: Element): SVGElement | null {
  // The mark of a way back is a link in the file: here it is a group that says where it leads.
  const leadsTo = source.localName === 'a' ? /^#step-(.+)$/s.exec(source.getAttribute('href') ?? '')?.[1] : undefined;
  const kind = source.localName === 'a' ? 'g' : source.localName;
  const may = Object.hasOwn(MAY, kind) && source.namespaceURI === SVG ? MAY[kind] : undefined;
  if (may === undefined) return null;
  const copy = document.createElementNS(SVG, kind) as SVGElement;
  for (const name of may) {
    const value = source.getAttribute(name);
    if (value !== null) copy.setAttribute(name, value);
  }
  if (leadsTo !== undefined) copy.setAttribute('data-to', leadsTo);
  for (const child of source.childNodes) {
    if (child instanceof Element) {
      const inner = harmless(child);
      if (inner) copy.append(inner);
    } else if (kind === 'text' || kind === 'title') copy.append(child.textContent ?? '');
  }
  return copy;
}

/** What a step is called by a screen reader, given how many people are at it. */
export type Naming = (step: string, here: number) => string;

export class Drawing {
  readonly element: SVGElement;
  readonly width: number;
  readonly height: number;
  /** The names of the steps, in their order. */
  readonly steps: string[];
  #boxes = new Map<string, SVGElement>();

  private constructor(element: SVGElement, naming: Naming) {
    this.element = element;
    const [, , width = 0, height = 0] = (element.getAttribute('viewBox') ?? '').split(' ').map(Number);
    this.width = width || 1;
    this.height = height || 1;
    for (const box of element.querySelectorAll<SVGElement>('g[data-step]')) {
      this.#boxes.set(box.dataset['step'] ?? '', box);
      box.setAttribute('role', 'button');
      box.setAttribute('tabindex', '-1');
    }
    this.steps = [...this.#boxes.keys()];
    this.#boxes.get(this.steps[0] ?? '')?.setAttribute('tabindex', '0');
    this.count({}, naming);
  }

  /** Read a picture; null for what is none. */
  static of(text: string, naming: Naming): Drawing | null {
    const read = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
    const element = read.localName === 'svg' ? harmless(read) : null;
    return element && new Drawing(element, naming);
  }

  /** Show how many people are at each step. */
  count(here: Record<string, number>, naming: Naming): void {
    for (const [step, box] of this.#boxes) {
      const many = here[step] ?? 0;
      box.setAttribute('aria-label', naming(step, many));
      const badge = box.querySelector(':scope > .live');
      if (!many) badge?.remove();
      else if (badge?.lastElementChild?.textContent !== String(many)) {
        badge?.remove();
        box.append(liveBadge(many));
      }
    }
  }

  /** Mark a step as the chosen one; null: none. */
  select(step: string | null): void {
    for (const [name, box] of this.#boxes) {
      box.setAttribute('aria-pressed', String(name === step));
      box.setAttribute('tabindex', name === (step !== null && this.#boxes.has(step) ? step : this.steps[0]) ? '0' : '-1');
    }
  }

  /** Bring a step into view, and the keyboard to it where that is meant. */
  show(step: string, { focus = false } = {}): void {
    const box = this.#boxes.get(step);
    if (focus) box?.focus({ preventScroll: true });
    box?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  /** The step that an event happened on, and the one that a mark on it leads to. */
  stepAt(target: EventTarget | null): string | null {
    const mark = target instanceof Element ? target.closest<SVGElement>('[data-to]') : null;
    const box = target instanceof Element ? target.closest<SVGElement>('g[data-step]') : null;
    return mark?.dataset['to'] ?? box?.dataset['step'] ?? null;
  }
}

function liveBadge(many: number): SVGElement {
  const make = (kind: string, attributes: Record<string, string | number>) => {
    const made = document.createElementNS(SVG, kind) as SVGElement;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
    return made;
  };
  const wide = 33 + 8 * String(many).length;
  const badge = make('g', { class: 'live', transform: 'translate(-8 -19)' });
  const words = make('text', { x: 26, y: 16.5 });
  words.textContent = String(many);
  badge.append(
    make('rect', { width: wide, height: 23, rx: 11.5 }),
    make('circle', { cx: 14, cy: 8.5, r: 3.2 }),
    make('path', { d: 'M7.5 18a6.5 5.5 0 0 1 13 0z' }),
    words,
  );
  return badge;
}
