// The editor of letters, scripts and translations: plain text, and a preview on a chosen client.
import { send } from "../requests";
import { element, source, type Finding, type Source } from "./source";
import { narrow, Workshop, type Editor } from "./workshop";

const PAUSE = 500;

class TextEditor implements Editor {
  readonly area = element("text") as HTMLTextAreaElement;

  constructor(private readonly told: Source) {
    this.area.value = told.content;
    this.area.readOnly = told.readonly || narrow();
  }

  async content(): Promise<string> {
    const windows = this.told.content.includes("\r\n");
    return windows ? this.area.value.replace(/\r?\n/g, "\r\n") : this.area.value;
  }

  select(_id: string): boolean {
    return false;
  }

  mark(_findings: Finding[]): void {}
}

class Preview {
  private timer: number | undefined;
  private turn = 0;
  private readonly client = document.querySelector<HTMLSelectElement>("#preview-client");
  private readonly frame = document.querySelector<HTMLElement>("#preview");

  constructor(private readonly told: Source, private readonly content: () => Promise<string>) {
    this.client?.addEventListener("change", () => void this.draw());
  }

  later(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.draw(), PAUSE);
  }

  async draw(): Promise<void> {
    if (!this.told.preview || !this.frame) return;
    const turn = ++this.turn;
    const client = this.client?.value ?? "";
    const response = await send(this.told.preview, { content: await this.content(), client });
    if (turn !== this.turn) return;
    const answer = (await response.json()) as { html?: string; message?: string };
    if (answer.html !== undefined) this.frame.innerHTML = answer.html;
    else this.frame.textContent = answer.message ?? "";
  }
}

const told = source();
const editor = new TextEditor(told);
document.body.classList.toggle("design-readonly", told.readonly || narrow());
const workshop = new Workshop(told, editor);
const preview = new Preview(told, () => editor.content());
editor.area.addEventListener("input", () => {
  workshop.changed();
  preview.later();
});
for (const [id, command] of [["tool-undo", "undo"], ["tool-redo", "redo"]] as const) {
  document.getElementById(id)?.addEventListener("click", () => {
    editor.area.focus();
    document.execCommand(command);
  });
}
void preview.draw();
workshop.ready();
