// What stands beside the form follows the answers in it: branches of the call script, the terms side
// by side; its questions lead to their fields, and addresses are taken over with one click.
import { evaluate } from "@bpmn-io/feelin";

type Values = Record<string, unknown>;

function holds(condition: string, values: Values): boolean {
  try {
    return evaluate(condition, values).value === true;
  } catch {
    return false;
  }
}

function empty(value: unknown): boolean {
  return value === undefined || value === null || value === "" || value === false
    || (Array.isArray(value) && value.length === 0);
}

// A heading's branch is all that stands under it, up to the next heading as high.
function parts(element: HTMLElement): HTMLElement[] {
  const level = /^H([1-6])$/.exec(element.tagName)?.[1];
  const found = [element];
  if (!level) return found;
  for (let next = element.nextElementSibling; next instanceof HTMLElement; next = next.nextElementSibling) {
    const other = /^H([1-6])$/.exec(next.tagName)?.[1];
    if (other && other <= level) break;
    found.push(next);
  }
  return found;
}

function differs(value: unknown, before: string): boolean {
  if (Array.isArray(value)) return value.map(String).sort().join() !== before.split(",").sort().join();
  const [one, other] = [Number(value), Number(before)];
  return Number.isNaN(one) || Number.isNaN(other) ? String(value) !== before : one !== other;
}

export class Following {
  private readonly scripts = [...document.querySelectorAll<HTMLElement>(".help .prose")];

  constructor(
    private readonly values: () => Values,
    private readonly idOf: (key: string) => string | undefined,
    fill: (key: string, value: string) => void,
  ) {
    for (const link of document.querySelectorAll<HTMLElement>("a[data-field]")) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        this.focus(link.dataset["field"] ?? "");
      });
    }
    for (const button of document.querySelectorAll<HTMLElement>("[data-fill]")) {
      button.addEventListener("click", () => fill(button.dataset["fill"] ?? "", button.dataset["value"] ?? ""));
    }
    for (const button of document.querySelectorAll<HTMLElement>("[data-all-branches]")) {
      button.addEventListener("click", () => {
        const shown = button.closest(".inside")?.classList.toggle("show-all") ?? false;
        button.setAttribute("aria-pressed", String(shown));
      });
    }
  }

  follow(): void {
    const values = this.values();
    for (const script of this.scripts) this.branch(script, values);
    for (const link of document.querySelectorAll<HTMLElement>("a[data-field]")) {
      link.toggleAttribute("data-answered", !empty(values[link.dataset["field"] ?? ""]));
    }
    for (const cell of document.querySelectorAll<HTMLElement>("[data-follows]")) {
      const value = values[cell.dataset["follows"] ?? ""];
      const before = cell.dataset["before"];
      if (typeof value === "number") {
        cell.textContent = value.toLocaleString(document.documentElement.lang) + (cell.dataset["unit"] ?? "");
      }
      else if (empty(value)) cell.textContent = "–";
      cell.classList.toggle("differs", !empty(value) && before !== undefined && differs(value, before));
    }
  }

  // While no branch is chosen, all are there to be read.
  private branch(script: HTMLElement, values: Values): void {
    const branches = [...script.querySelectorAll<HTMLElement>("[data-when]")];
    const taken = branches.filter((each) => holds(each.dataset["when"] ?? "", values));
    for (const each of branches) {
      const chosen = taken.includes(each);
      for (const part of parts(each)) {
        part.classList.toggle("branch-taken", chosen);
        part.classList.toggle("branch-left", taken.length > 0 && !chosen);
      }
    }
    const all = script.parentElement?.querySelector<HTMLElement>(".script-all");
    if (all) all.hidden = taken.length === 0;
  }

  private focus(key: string): void {
    const form = document.querySelector("#form");
    const field = form?.querySelector<HTMLElement>(`[id*="-${this.idOf(key) ?? "none"}"]`);
    (field ?? form)?.scrollIntoView({ block: "center" });
    field?.focus({ preventScroll: true });
  }
}
