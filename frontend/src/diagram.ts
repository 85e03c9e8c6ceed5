// A case drawn on its diagram: where it stands, the way it took, time against the standard.
import "bpmn-js/dist/assets/bpmn-js.css";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-font/css/bpmn.css";
import "./diagram.css";
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";

interface Note {
  text: string;
  tone: string;
  title: string;
}

interface Progress {
  names: Record<string, string>;
  active: string[];
  late: string[];
  passed: string[];
  flows: string[];
  notes: Record<string, Note[]>;
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

interface Canvas {
  zoom(level?: "fit-viewport" | number, centre?: "auto" | { x: number; y: number }): number;
  viewbox(box?: Box): { inner: Box; outer: { width: number; height: number } } & Box;
  addMarker(element: string, marker: string): void;
}

interface Registry {
  get(id: string): (Box & { id: string }) | undefined;
}

interface Overlays {
  add(element: string, overlay: { position: object; html: HTMLElement; scale?: object }): void;
}

const READABLE = 0.75;

function translate(xml: string, names: Record<string, string>): string {
  const document = new DOMParser().parseFromString(xml, "application/xml");
  for (const element of document.querySelectorAll("[id][name]")) {
    const name = names[element.getAttribute("name") ?? ""];
    if (name) element.setAttribute("name", name);
  }
  return new XMLSerializer().serializeToString(document);
}

function drawNote(note: Note): HTMLElement {
  const badge = document.createElement("span");
  badge.className = `step-note step-note-${note.tone}`;
  badge.textContent = note.text;
  badge.title = note.title;
  return badge;
}

class CaseDiagram {
  private readonly viewer: NavigatedViewer;
  private readonly canvas: Canvas;

  constructor(
    container: HTMLElement,
    private readonly progress: Progress,
  ) {
    this.viewer = new NavigatedViewer({ container });
    this.canvas = this.viewer.get<Canvas>("canvas");
  }

  async show(xml: string): Promise<void> {
    await this.viewer.importXML(translate(xml, this.progress.names));
    const registry = this.viewer.get<Registry>("elementRegistry");
    const mark = (ids: string[], marker: string) => {
      for (const id of ids) if (registry.get(id)) this.canvas.addMarker(id, marker);
    };
    mark(this.progress.passed, "is-passed");
    mark(this.progress.flows, "is-passed");
    mark(this.progress.active, "is-active");
    mark(this.progress.late, "is-late");
    const overlays = this.viewer.get<Overlays>("overlays");
    for (const [id, notes] of Object.entries(this.progress.notes)) {
      if (!registry.get(id)) continue;
      const row = document.createElement("div");
      row.className = "step-notes";
      row.append(...notes.map(drawNote));
      overlays.add(id, { position: { top: -12, left: 6 }, html: row });
    }
    this.goToPresent();
    document.querySelector("#diagram-whole")?.addEventListener("click", () => this.showWhole());
    document.querySelector("#diagram-present")?.addEventListener("click", () => this.goToPresent());
    document.querySelector("#diagram-closer")?.addEventListener("click", () => this.closer(1.25));
    document.querySelector("#diagram-farther")?.addEventListener("click", () => this.closer(0.8));
  }

  private showWhole(): void {
    this.canvas.zoom("fit-viewport", "auto");
  }

  private closer(factor: number): void {
    this.canvas.zoom(this.canvas.zoom() * factor, "auto");
  }

  private goToPresent(): void {
    const registry = this.viewer.get<Registry>("elementRegistry");
    const last = [...this.progress.active, ...this.progress.passed.slice(-1)];
    const element = last.map((id) => registry.get(id)).find((found) => found !== undefined);
    if (!element) {
      this.showWhole();
      return;
    }
    const { outer } = this.canvas.viewbox();
    const width = outer.width / READABLE;
    const height = outer.height / READABLE;
    this.canvas.viewbox({
      x: element.x + element.width / 2 - width / 2,
      y: element.y + element.height / 2 - height / 2,
      width,
      height,
    });
  }
}

async function mount(container: HTMLElement): Promise<void> {
  const source = container.dataset["diagramSource"] ?? "";
  const told = document.querySelector("#diagram-progress")?.textContent;
  const progress: Progress = told
    ? (JSON.parse(told) as Progress)
    : { names: {}, active: [], late: [], passed: [], flows: [], notes: {} };
  const response = await fetch(source, { headers: { Accept: "application/xml" } });
  if (!response.ok) throw new Error(`The diagram could not be loaded (${response.status}).`);
  await new CaseDiagram(container, progress).show(await response.text());
  container.setAttribute("data-ready", "yes");
}

for (const container of document.querySelectorAll<HTMLElement>("[data-diagram-source]")) {
  mount(container).catch((error: unknown) => {
    container.textContent = container.dataset["failed"] ?? String(error);
  });
}
