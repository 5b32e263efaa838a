type Child = Node | string | undefined

/** An element with properties and children; undefined values are left out. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Record<string, unknown> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(props)) set(element, name, value)
  element.append(...children.filter((child) => child !== undefined))
  return element
}

/** Changes the text of an element only if it differs, so that selections and screen readers are not disturbed. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** Makes these the children of an element, without touching those that are already in place. */
export function setChildren(parent: HTMLElement, children: readonly HTMLElement[]): void {
  for (const [index, child] of children.entries()) {
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null)
  }
  while (parent.children.length > children.length) parent.lastElementChild?.remove()
}

function set(element: HTMLElement, name: string, value: unknown): void {
  if (value === undefined) return
  if (name.startsWith('on')) element.addEventListener(name.slice(2), value as EventListener)
  else if (name in element) Object.assign(element, { [name]: value })
  else element.setAttribute(name, String(value))
}

/** A text in which backticks surround code. */
export function withCode(text: string): (Node | string)[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? el('code', {}, part) : part))
}
