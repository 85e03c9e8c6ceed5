// A task's form: <div data-form-source="URL of {schema, data}"> gets the form-js viewer.
import "@bpmn-io/form-js-viewer/dist/assets/form-js.css";
import { Form } from "@bpmn-io/form-js-viewer";

interface FormSource {
  schema: object;
  data: Record<string, unknown>;
}

async function mount(container: HTMLElement, source: string): Promise<void> {
  const response = await fetch(source, { headers: { Accept: "application/json" } });
  if (!response.ok) {
    throw new Error(`The form could not be loaded (${response.status}).`);
  }
  const { schema, data } = (await response.json()) as FormSource;
  const form = new Form({ container });
  await form.importSchema(schema, data);
  container.dispatchEvent(new CustomEvent("form:ready", { bubbles: true, detail: { form } }));
}

for (const container of document.querySelectorAll<HTMLElement>("[data-form-source]")) {
  void mount(container, container.dataset.formSource ?? "");
}
