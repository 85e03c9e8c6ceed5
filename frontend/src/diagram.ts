// A read-only diagram: <div data-diagram-source="URL of the BPMN XML"> gets the bpmn-js viewer.
import "bpmn-js/dist/assets/bpmn-js.css";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-font/css/bpmn.css";
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";

interface Canvas {
  zoom(level: "fit-viewport", centre?: "auto"): number;
}

async function mount(container: HTMLElement, source: string): Promise<void> {
  const response = await fetch(source, { headers: { Accept: "application/xml" } });
  if (!response.ok) {
    throw new Error(`The diagram could not be loaded (${response.status}).`);
  }
  const viewer = new NavigatedViewer({ container });
  await viewer.importXML(await response.text());
  viewer.get<Canvas>("canvas").zoom("fit-viewport", "auto");
  container.dispatchEvent(new CustomEvent("diagram:ready", { bubbles: true, detail: { viewer } }));
}

for (const container of document.querySelectorAll<HTMLElement>("[data-diagram-source]")) {
  void mount(container, container.dataset.diagramSource ?? "");
}
