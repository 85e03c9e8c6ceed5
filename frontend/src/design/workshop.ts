// One open file: its editor, its draft on the server, and the linter's findings.
import { Findings } from "./findings";
import { Saving } from "./saving";
import { source, type Finding, type Source } from "./source";

export interface Editor {
  content(): Promise<string>;
  select(id: string): boolean;
  mark(findings: Finding[]): void;
}

export interface OpeningEditor extends Editor {
  open(changed: () => void): Promise<void>;
  tools(): void;
}

export class Workshop {
  readonly saving: Saving;
  readonly findings: Findings;

  constructor(source: Source, editor: Editor) {
    const content = () => editor.content();
    this.findings = new Findings(source, content, (id) => editor.select(id), (all) => editor.mark(all));
    this.saving = new Saving(source, content, () => undefined);
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
        event.preventDefault();
        void this.saving.save();
      }
    });
  }

  changed(): void {
    this.saving.changed();
    this.findings.later();
  }

  ready(): void {
    document.querySelector("#editor")?.setAttribute("data-ready", "yes");
    void this.findings.ask();
  }
}

export function narrow(): boolean {
  return window.matchMedia("(max-width: 760px)").matches;
}

function failed(error: unknown, text: string | undefined): void {
  const place = document.querySelector("#editor");
  if (!place) return;
  const line = document.createElement("p");
  line.className = "message message-bad";
  line.textContent = `${text ?? ""} ${error instanceof Error ? error.message : String(error)}`;
  place.replaceChildren(line);
  place.setAttribute("data-failed", "yes");
}

export function begin(make: (told: Source, readonly: boolean) => OpeningEditor): void {
  const told = source();
  const start = async () => {
    const readonly = told.readonly || narrow();
    document.body.classList.toggle("design-readonly", readonly);
    const editor = make(told, readonly);
    const workshop = new Workshop({ ...told, readonly }, editor);
    await editor.open(() => workshop.changed());
    editor.tools();
    (window as any).design = editor;
    workshop.ready();
  };
  start().catch((error: unknown) => failed(error, told.texts["cannotOpen"]));
}
