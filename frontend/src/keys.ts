// Work without a mouse: j and k walk through a list, Enter opens, / goes to the search field.

const TYPING = "input, textarea, select, [contenteditable]";

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-row]")];
}

function walk(step: number): void {
  const all = rows();
  const now = all.findIndex((row) => row.contains(document.activeElement));
  const next = now < 0 ? 0 : Math.min(Math.max(now + step, 0), all.length - 1);
  const row = all[next];
  row?.querySelector<HTMLElement>("[data-open]")?.focus();
  row?.scrollIntoView({ block: "nearest" });
}

export function installKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if ((event.target as HTMLElement).matches(TYPING)) return;
    if (event.key === "j") walk(1);
    else if (event.key === "k") walk(-1);
    else if (event.key === "/") {
      const search = document.querySelector<HTMLInputElement>("[data-search]");
      if (!search) return;
      event.preventDefault();
      search.focus();
      search.select();
    }
  });
}
