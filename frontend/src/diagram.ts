// A diagram with marks: a case where it stands and the way it took, or what a version changed.
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

interface Told {
  names: Record<string, string>;
  active: string[];
  late: string[];
  passed: string[];
  flows: string[];
  notes: Record<string, Note[]>;
  /** Class of a mark to the elements that have it. */
  marks: Record<string, string[]>;
  /** To be looked at before the others that are marked. */
  first: string[];
}

const NOTHING: Told = {
  names: {},
  active: [],
  late: [],
  passed: [],
  flows: [],
  notes: {},
  marks: {},
  first: [],
};

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

class MarkedDiagram {
  private readonly viewer: NavigatedViewer;
  private readonly canvas: Canvas;

  constructor(
    container: HTMLElement,
    private readonly told: Told,
    private readonly card: ParentNode,
  ) {
    this.viewer = new NavigatedViewer({ container });
    this.canvas = this.viewer.get<Canvas>("canvas");
  }

  async show(xml: string): Promise<void> {
    await this.viewer.importXML(translate(xml, this.told.names));
    const registry = this.viewer.get<Registry>("elementRegistry");
    const mark = (ids: string[], marker: string) => {
      for (const id of ids) if (registry.get(id)) this.canvas.addMarker(id, marker);
    };
    mark(this.told.passed, "is-passed");
    mark(this.told.flows, "is-passed");
    mark(this.told.active, "is-active");
    mark(this.told.late, "is-late");
    for (const [marker, ids] of Object.entries(this.told.marks)) mark(ids, marker);
    const overlays = this.viewer.get<Overlays>("overlays");
    for (const [id, notes] of Object.entries(this.told.notes)) {
      if (!registry.get(id)) continue;
      const row = document.createElement("div");
      row.className = "step-notes";
      row.append(...notes.map(drawNote));
      overlays.add(id, { position: { top: -12, left: 6 }, html: row });
    }
    this.goToPresent();
    this.offer("whole", () => this.showWhole());
    this.offer("present", () => this.goToPresent());
    this.offer("closer", () => this.closer(1.25));
    this.offer("farther", () => this.closer(0.8));
  }

  /** Bring an element into the middle; false when this drawing does not have it. */
  goTo(id: string): boolean {
    const element = this.viewer.get<Registry>("elementRegistry").get(id);
    if (!element) return false;
    this.centre(element);
    return true;
  }

  private offer(what: string, act: () => void): void {
    this.card.querySelector(`[data-diagram="${what}"]`)?.addEventListener("click", act);
  }

  private showWhole(): void {
    this.canvas.zoom("fit-viewport", "auto");
  }

  private closer(factor: number): void {
    this.canvas.zoom(this.canvas.zoom() * factor, "auto");
  }

  private goToPresent(): void {
    const registry = this.viewer.get<Registry>("elementRegistry");
    const marked = Object.values(this.told.marks).flat();
    const last = [...this.told.active, ...this.told.passed.slice(-1), ...this.told.first, ...marked];
    const element = last.map((id) => registry.get(id)).find((found) => found !== undefined);
    if (!element) {
      this.showWhole();
      return;
    }
    this.centre(element);
  }

  private centre(element: Box & { waypoints?: { x: number; y: number }[] }): void {
    const middle = element.waypoints?.[Math.floor(element.waypoints.length / 2)];
    const x = middle ? middle.x : element.x + element.width / 2;
    const y = middle ? middle.y : element.y + element.height / 2;
    const { outer } = this.canvas.viewbox();
    const width = outer.width / READABLE;
    const height = outer.height / READABLE;
    this.canvas.viewbox({
      x: x - width / 2,
      y: y - height / 2,
      width,
      height,
    });
  }
}

const drawn: { container: HTMLElement; diagram: MarkedDiagram }[] = [];

async function mount(container: HTMLElement): Promise<void> {
  const source = container.dataset["diagramSource"] ?? "";
  const script = document.getElementById(container.dataset["diagramTold"] ?? "diagram-progress");
  const told: Told = { ...NOTHING, ...(JSON.parse(script?.textContent ?? "{}") as Partial<Told>) };
  const response = await fetch(source, { headers: { Accept: "application/xml" } });
  if (!response.ok) throw new Error(`The diagram could not be loaded (${response.status}).`);
  const diagram = new MarkedDiagram(container, told, container.closest(".card") ?? document);
  await diagram.show(await response.text());
  drawn.push({ container, diagram });
  container.setAttribute("data-ready", "yes");
}

for (const container of document.querySelectorAll<HTMLElement>("[data-diagram-source]")) {
  mount(container).catch((error: unknown) => {
    container.textContent = container.dataset["failed"] ?? String(error);
  });
}

for (const button of document.querySelectorAll<HTMLElement>("[data-shows]")) {
  button.addEventListener("click", () => {
    const holder = drawn.find(({ diagram }) => diagram.goTo(button.dataset["shows"] ?? ""));
    holder?.container.scrollIntoView({ block: "center" });
  });
}
