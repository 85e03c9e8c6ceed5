// The linter's findings beside the editor: a list by file and element, asked for as one works.
import { send } from "../requests";
import { element, filled, type Finding, type Source } from "./source";

const PAUSE = 700;
const AGAIN = 4000;

export class Findings {
  private timer: number | undefined;
  private asked = 0;
  private readonly list = element("findings-list");
  private readonly summary = element("findings-summary");

  constructor(
    private readonly source: Source,
    private readonly content: () => Promise<string>,
    private readonly select: (id: string) => boolean,
    private readonly mark: (findings: Finding[]) => void,
  ) {}

  later(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(), PAUSE);
  }

  async ask(): Promise<void> {
    window.clearTimeout(this.timer);
    const turn = ++this.asked;
    this.summary.dataset["state"] = "checking";
    try {
      const response = await send(this.source.check, { content: await this.content() });
      if (turn !== this.asked) return;
      if (!response.ok) throw new Error(String(response.status));
      const { findings } = (await response.json()) as { findings: Finding[] };
      this.show(findings);
    } catch {
      if (turn !== this.asked) return;
      this.summary.dataset["state"] = "unknown";
      this.summary.textContent = this.source.texts["notChecked"] ?? "";
      this.timer = window.setTimeout(() => void this.ask(), AGAIN);
    }
  }

  private show(findings: Finding[]): void {
    const mine = findings.filter((each) => each.file === this.source.file);
    const others = findings.filter((each) => each.file !== this.source.file);
    const errors = findings.filter((each) => each.severity === "error").length;
    this.summary.dataset["state"] = errors ? "errors" : findings.length ? "warnings" : "clean";
    this.summary.textContent = findings.length
      ? filled(this.source.texts["counts"] ?? "", { errors, warnings: findings.length - errors })
      : (this.source.texts["clean"] ?? "");
    this.list.replaceChildren(...[...mine, ...others].map((each) => this.item(each)));
    this.mark(mine);
  }

  private item(finding: Finding): HTMLElement {
    const row = document.createElement("li");
    row.className = `finding finding-${finding.severity}`;
    row.dataset["rule"] = finding.rule;
    const place = this.place(finding);
    const problem = document.createElement("p");
    problem.textContent = finding.problem;
    const mend = document.createElement("p");
    mend.className = "mend";
    mend.textContent = finding.mend;
    const rule = document.createElement("span");
    rule.className = "rule";
    rule.textContent = finding.rule;
    row.append(place, problem, mend, rule);
    return row;
  }

  private place(finding: Finding): HTMLElement {
    const here = finding.file === this.source.file;
    const name = finding.elementName || finding.elementId;
    const line = finding.line && !finding.elementId ? `:${finding.line}` : "";
    const text = here ? (name ?? `${finding.file}${line}`) : [finding.file + line, name].filter(Boolean).join(" · ");
    if (here && finding.elementId) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "place";
      button.textContent = text;
      button.addEventListener("click", () => this.select(finding.elementId ?? ""));
      return button;
    }
    if (!here && finding.address) {
      const link = document.createElement("a");
      link.className = "place";
      link.href = finding.address;
      link.textContent = text;
      return link;
    }
    const plain = document.createElement("span");
    plain.className = "place";
    plain.textContent = text;
    return plain;
  }
}
