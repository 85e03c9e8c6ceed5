// The form editor: form-js, with palette and properties; what it does not know is kept.
import "@bpmn-io/form-js-editor/dist/assets/form-js-editor.css";
import "@bpmn-io/form-js-editor/dist/assets/properties-panel.css";
import "@bpmn-io/form-js-viewer/dist/assets/form-js.css";
import { FormEditor } from "@bpmn-io/form-js-editor";
import { Form } from "@bpmn-io/form-js-viewer";
import words from "./lithuanian_forms.json";
import { element, type Finding, type Source } from "./source";
import { speak } from "./spoken";
import { begin, type OpeningEditor } from "./workshop";

const LITHUANIAN = words as Record<string, string>;
const LABELS = [
  ".fjs-palette-header",
  ".fjs-palette-group-title",
  ".fjs-palette-field-text",
  ".fjs-palette-search",
  ".fjs-palette-no-entries",
  ".fjs-form-field-placeholder",
  ".bio-properties-panel-header-type",
  ".bio-properties-panel-group-header-title",
  ".bio-properties-panel-group-header-title span",
  ".bio-properties-panel-tooltip-wrapper",
  ".bio-properties-panel-label",
  ".bio-properties-panel-checkbox label",
  ".bio-properties-panel-toggle-switch__label",
  ".bio-properties-panel-description",
  ".bio-properties-panel-placeholder-text",
  ".bio-properties-panel-select option",
].join();

class FormsEditor implements OpeningEditor {
  private readonly editor: any;
  private touched = false;

  constructor(private readonly told: Source, private readonly readonly: boolean) {
    const container = element("canvas");
    this.editor = readonly ? new Form({ container }) : new FormEditor({ container });
  }

  async open(changed: () => void): Promise<void> {
    const schema = JSON.parse(this.told.content) as Record<string, unknown>;
    if (this.told.language === "lt") {
      speak(element("canvas"), LABELS, (text) => LITHUANIAN[text] ?? text);
    }
    await this.editor.importSchema(schema);
    if (this.readonly) {
      this.editor.setProperty("readOnly", true);
      return;
    }
    this.editor.on("commandStack.changed", () => {
      this.touched = true;
      changed();
    });
  }

  async content(): Promise<string> {
    if (!this.touched) return this.told.content;
    const saved = this.editor.saveSchema() as Record<string, unknown>;
    const ends = this.told.content.endsWith("\n") ? "\n" : "";
    return JSON.stringify(saved, null, 2) + ends;
  }

  select(id: string): boolean {
    const field = this.editor.get("formFieldRegistry").get(id);
    if (!field || this.readonly) return false;
    this.editor.get("selection").set(field);
    document.querySelector(`#canvas [data-id="${CSS.escape(id)}"]`)?.scrollIntoView({ block: "center" });
    return true;
  }

  mark(_findings: Finding[]): void {}

  tools(): void {
    if (this.readonly) return;
    const stack = this.editor.get("commandStack");
    document.getElementById("tool-undo")?.addEventListener("click", () => stack.canUndo() && stack.undo());
    document.getElementById("tool-redo")?.addEventListener("click", () => stack.canRedo() && stack.redo());
  }
}

begin((told, readonly) => new FormsEditor(told, readonly));
