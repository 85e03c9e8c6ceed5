// The decision table editor: dmn-js with findings by row.
import "dmn-js/dist/assets/diagram-js.css";
import "dmn-js/dist/assets/dmn-js-shared.css";
import "dmn-js/dist/assets/dmn-js-drd.css";
import "dmn-js/dist/assets/dmn-js-decision-table.css";
import "dmn-js/dist/assets/dmn-js-decision-table-controls.css";
import "dmn-js/dist/assets/dmn-js-literal-expression.css";
import "dmn-js/dist/assets/dmn-js-boxed-expression.css";
import "dmn-js/dist/assets/dmn-js-boxed-expression-controls.css";
import "dmn-js/dist/assets/dmn-font/css/dmn.css";
import DmnModeler from "dmn-js/lib/Modeler";
import NavigatedViewer from "dmn-js/lib/NavigatedViewer";
import { translateModule } from "./lithuanian";
import { element, type Finding, type Source } from "./source";
import { begin, type OpeningEditor } from "./workshop";

class DecisionEditor implements OpeningEditor {
  private readonly modeler: any;
  private touched = false;
  private findings: Finding[] = [];

  constructor(private readonly told: Source, private readonly readonly: boolean) {
    const view = { additionalModules: [translateModule(told.language)] };
    const options = { container: element("canvas"), drd: view, decisionTable: view, literalExpression: view };
    this.modeler = readonly ? new NavigatedViewer(options) : new DmnModeler(options);
  }

  async open(changed: () => void): Promise<void> {
    this.modeler.on("views.changed", () => this.drawViews());
    await this.modeler.importXML(this.told.content);
    const table = this.modeler.getViews().find((each: any) => each.type !== "drd");
    if (table) await this.modeler.open(table);
    this.drawViews();
    if (this.readonly) return;
    const watched = new WeakSet<object>();
    const watch = () => {
      const viewer = this.modeler.getActiveViewer();
      if (!viewer || watched.has(viewer)) return;
      watched.add(viewer);
      viewer.on("commandStack.changed", () => {
        this.touched = true;
        changed();
      });
    };
    this.modeler.on("views.changed", watch);
    watch();
  }

  async content(): Promise<string> {
    if (!this.touched) return this.told.content;
    const { xml } = await this.modeler.saveXML({ format: true });
    return xml as string;
  }

  select(id: string): boolean {
    const cell = document.querySelector<HTMLElement>(`#canvas [data-row-id="${CSS.escape(id)}"], #canvas [data-element-id="${CSS.escape(id)}"]`);
    cell?.scrollIntoView({ block: "center" });
    cell?.querySelector<HTMLElement>("[tabindex], [contenteditable]")?.focus();
    return cell !== null;
  }

  mark(findings: Finding[]): void {
    this.findings = findings;
    for (const row of document.querySelectorAll("#canvas .has-finding")) row.classList.remove("has-finding");
    for (const each of this.findings) {
      const cell = document.querySelector(`#canvas [data-row-id="${CSS.escape(each.elementId ?? "")}"]`);
      cell?.closest("tr")?.classList.add("has-finding");
    }
  }

  tools(): void {
    const stack = () => this.modeler.getActiveViewer()?.get("commandStack", false);
    document.getElementById("tool-undo")?.addEventListener("click", () => stack()?.canUndo() && stack().undo());
    document.getElementById("tool-redo")?.addEventListener("click", () => stack()?.canRedo() && stack().redo());
  }

  private drawViews(): void {
    const tabs = element("views");
    const views = this.modeler.getViews();
    const active = this.modeler.getActiveView();
    tabs.replaceChildren(...views.map((view: any) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button button-small";
      button.textContent = view.type === "drd" ? (this.told.texts["overview"] ?? "") : view.element.name || view.element.id;
      if (view === active) button.setAttribute("aria-current", "true");
      button.addEventListener("click", () => void this.modeler.open(view));
      return button;
    }));
  }
}

begin((told, readonly) => new DecisionEditor(told, readonly));
