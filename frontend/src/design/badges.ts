// Findings as badges on the elements of a drawing; a press tells the message and the mend.
import type { Finding } from "./source";

type Place = (id: string, html: HTMLElement) => boolean;

export function badges(findings: Finding[], place: Place, select: (id: string) => boolean): Set<string> {
  const byElement = new Map<string, Finding[]>();
  for (const each of findings) {
    if (!each.elementId) continue;
    byElement.set(each.elementId, [...(byElement.get(each.elementId) ?? []), each]);
  }
  const placed = new Set<string>();
  for (const [id, found] of byElement) {
    if (place(id, badge(id, found, select))) placed.add(id);
  }
  return placed;
}

function badge(id: string, findings: Finding[], select: (id: string) => boolean): HTMLElement {
  const worst = findings.some((each) => each.severity === "error") ? "error" : "warning";
  const holder = document.createElement("div");
  holder.className = `finding-badge finding-badge-${worst}`;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = findings.length > 1 ? String(findings.length) : "!";
  button.title = findings.map((each) => each.problem).join("\n");
  button.setAttribute("aria-expanded", "false");
  const told = document.createElement("ul");
  told.hidden = true;
  told.append(...findings.map(line));
  button.addEventListener("click", () => {
    told.hidden = !told.hidden;
    button.setAttribute("aria-expanded", String(!told.hidden));
    if (!told.hidden) select(id);
  });
  holder.append(button, told);
  return holder;
}

function line(finding: Finding): HTMLElement {
  const item = document.createElement("li");
  const problem = document.createElement("b");
  problem.textContent = finding.problem;
  const mend = document.createElement("span");
  mend.textContent = finding.mend;
  item.append(problem, mend);
  return item;
}
