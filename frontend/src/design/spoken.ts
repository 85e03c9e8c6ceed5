// Labels of an editor without translations of its own, said in the visitor's language as they appear.
const TEXT = 3;
const WATCHED = { childList: true, characterData: true, subtree: true };

// Only what the labels' own elements hold is touched: what people wrote themselves stays.
export function speak(place: HTMLElement, labels: string, say: (text: string) => string): void {
  const tell = (node: Node) => {
    const written = node.nodeValue ?? "";
    const text = written.trim();
    const said = say(text);
    if (text && said !== text) node.nodeValue = written.replace(text, said);
  };
  const label = (element: Element) => {
    element.childNodes.forEach((node) => node.nodeType === TEXT && tell(node));
    const hint = element.getAttribute("placeholder");
    if (hint && say(hint) !== hint) element.setAttribute("placeholder", say(hint));
  };
  const within = (node: Node) => {
    const element = node instanceof Element ? node : node.parentElement;
    if (element?.matches(labels)) label(element);
    if (node instanceof Element) node.querySelectorAll(labels).forEach(label);
  };
  within(place);
  new MutationObserver((changes) => {
    for (const { target, addedNodes, type } of changes) {
      if (type === "characterData") within(target);
      addedNodes.forEach(within);
    }
  }).observe(place, WATCHED);
}
