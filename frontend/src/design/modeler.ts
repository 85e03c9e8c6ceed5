// The diagram editor: bpmn-js with the product's element templates, properties, FEEL and findings.
import "bpmn-js/dist/assets/bpmn-js.css";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-font/css/bpmn.css";
import "@bpmn-io/properties-panel/dist/assets/properties-panel.css";
import "bpmn-js-element-templates/dist/assets/element-templates.css";
import "@bpmn-io/element-template-chooser/dist/element-template-chooser.css";
import "bpmn-js-color-picker/colors/color-picker.css";
import "bpmn-js-token-simulation/assets/css/bpmn-js-token-simulation.css";
import "diagram-js-minimap/assets/diagram-js-minimap.css";
import ElementTemplateChooserModule from "@bpmn-io/element-template-chooser";
import ElementTemplateIconRenderer from "@bpmn-io/element-template-icon-renderer";
import { ZeebeVariableResolverModule } from "@bpmn-io/variable-resolver";
import BpmnModeler from "bpmn-js/lib/Modeler";
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import ColorPickerModule from "bpmn-js-color-picker";
import { CreateAppendAnythingModule, CreateAppendElementTemplatesModule } from "bpmn-js-create-append-anything";
import { CloudElementTemplatesPropertiesProviderModule } from "bpmn-js-element-templates";
import {
  BpmnPropertiesPanelModule,
  BpmnPropertiesProviderModule,
  ZeebePropertiesProviderModule,
} from "bpmn-js-properties-panel";
import TokenSimulationModule from "bpmn-js-token-simulation";
import ZeebeBehaviorsModule from "camunda-bpmn-js-behaviors/lib/camunda-cloud";
import MinimapModule from "diagram-js-minimap";
import zeebe from "zeebe-bpmn-moddle/resources/zeebe.json";
import { badges } from "./badges";
import { translateModule } from "./lithuanian";
import { element, type Finding, type Source } from "./source";
import { begin, type OpeningEditor } from "./workshop";

function make(told: Source, readonly: boolean) {
  const container = element("canvas");
  const words = translateModule(told.language);
  if (readonly) {
    return new NavigatedViewer({ container, additionalModules: [words], moddleExtensions: { zeebe } });
  }
  return new BpmnModeler({
    container,
    moddleExtensions: { zeebe },
    propertiesPanel: { parent: element("properties"), feelPopupContainer: element("editor") },
    elementTemplates: told.templates,
    additionalModules: [
      words,
      ZeebeBehaviorsModule,
      BpmnPropertiesPanelModule,
      BpmnPropertiesProviderModule,
      ZeebePropertiesProviderModule,
      CloudElementTemplatesPropertiesProviderModule,
      ElementTemplateChooserModule,
      ElementTemplateIconRenderer,
      CreateAppendAnythingModule,
      CreateAppendElementTemplatesModule,
      ZeebeVariableResolverModule,
      ColorPickerModule,
      MinimapModule,
      TokenSimulationModule,
    ],
  });
}

class DiagramEditor implements OpeningEditor {
  private readonly modeler: any;
  private readonly original: string;
  private touched = false;

  constructor(told: Source, private readonly readonly: boolean) {
    this.original = told.content;
    this.modeler = make(told, readonly);
  }

  async open(changed: () => void): Promise<void> {
    const began = performance.now();
    await this.modeler.importXML(this.original);
    this.modeler.get("canvas").zoom("fit-viewport", "auto");
    this.readable();
    element("editor").dataset["opened"] = String(Math.round(performance.now() - began));
    if (this.readonly) return;
    this.modeler.on("commandStack.changed", () => {
      this.touched = true;
      changed();
    });
  }

  async content(): Promise<string> {
    if (!this.touched) return this.original;
    const { xml } = await this.modeler.saveXML({ format: true });
    return xml as string;
  }

  select(id: string): boolean {
    const shape = this.modeler.get("elementRegistry").get(id);
    if (!shape) return false;
    this.modeler.get("canvas").scrollToElement(shape, 200);
    this.modeler.get("selection", false)?.select(shape);
    return true;
  }

  mark(findings: Finding[]): void {
    const overlays = this.modeler.get("overlays");
    overlays.remove({ type: "finding" });
    const registry = this.modeler.get("elementRegistry");
    badges(findings, (id, html) => {
      if (!registry.get(id)) return false;
      overlays.add(id, "finding", { position: { top: -10, right: 12 }, html });
      return true;
    }, (id) => this.select(id));
  }

  tools(): void {
    const act = (id: string, does: () => void) => {
      document.getElementById(id)?.addEventListener("click", does);
    };
    const canvas = this.modeler.get("canvas");
    act("tool-fit", () => canvas.zoom("fit-viewport", "auto"));
    act("tool-closer", () => canvas.zoom(canvas.zoom() * 1.25, "auto"));
    act("tool-farther", () => canvas.zoom(canvas.zoom() * 0.8, "auto"));
    const stack = this.modeler.get("commandStack", false);
    if (!stack) return;
    act("tool-undo", () => stack.canUndo() && stack.undo());
    act("tool-redo", () => stack.canRedo() && stack.redo());
    act("tool-map", () => this.modeler.get("minimap").toggle());
    act("tool-tokens", () => this.modeler.get("toggleMode").toggleMode());
    this.modeler.on("tokenSimulation.toggleMode", ({ active }: { active: boolean }) => {
      document.getElementById("tool-tokens")?.setAttribute("aria-pressed", String(active));
    });
    const allow = () => {
      for (const [id, can] of [["tool-undo", stack.canUndo()], ["tool-redo", stack.canRedo()]] as const) {
        const button = document.getElementById(id) as HTMLButtonElement | null;
        if (button) button.disabled = !can;
      }
    };
    this.modeler.on("commandStack.changed", allow);
    allow();
  }

  // A wide diagram that fits whole can't be read: show its beginning instead.
  private readable(): void {
    const canvas = this.modeler.get("canvas");
    if (canvas.zoom() >= 0.45) return;
    const start = this.modeler.get("elementRegistry").find((each: any) => each.type === "bpmn:StartEvent");
    if (!start) return;
    const { outer } = canvas.viewbox();
    const scale = 0.7;
    canvas.viewbox({
      x: start.x - 120,
      y: start.y - outer.height / scale / 2,
      width: outer.width / scale,
      height: outer.height / scale,
    });
  }
}

begin((told, readonly) => new DiagramEditor(told, readonly));
