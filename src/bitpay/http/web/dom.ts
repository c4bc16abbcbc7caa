/** What every module needs of the page. */

export function all<E extends Element = HTMLElement>(selector: string, within: ParentNode = document): E[] {
  return [...within.querySelectorAll<E>(selector)];
}

export function one<E extends Element = HTMLElement>(selector: string, within: ParentNode = document): E | null {
  return within.querySelector<E>(selector);
}

/** Sets text only where it changed, so that nothing is laid out in vain. */
export function setText(element: Element | null | undefined, text: string): void {
  if (element && element.textContent !== text) element.textContent = text;
}

/** Creates an element with attributes and children; text goes in as text, never as markup. */
export function make(tag: string, attributes: Record<string, string> = {}, ...children: (Node | string)[]): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Listens for clicks on anything, now or later, that matches the selector. */
export function onClick(selector: string, handle: (element: HTMLElement) => void): void {
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target.closest<HTMLElement>(selector) : null;
    if (target && !target.hasAttribute("disabled")) handle(target);
  });
}

/** What the server said about this page: `network`, `account`, … */
export const page = document.body.dataset;
