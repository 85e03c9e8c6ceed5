// The page of a trial: each open step's form; completing one sends the whole trial on.
import "@bpmn-io/form-js-viewer/dist/assets/form-js.css";
import { Form } from "@bpmn-io/form-js-viewer";
import { speak, speakPlaceholders, type Texts } from "./form_texts";

interface Source {
  schema: object;
  data: Record<string, unknown>;
}

function told<Kind>(id: string): Kind {
  return JSON.parse(document.getElementById(id)?.textContent ?? "null") as Kind;
}

function go(values: Record<string, unknown>, step: string, by: string): void {
  const form = document.querySelector<HTMLFormElement>("#trial");
  if (!form) return;
  const set = (name: string, value: string) => {
    const field = form.querySelector<HTMLInputElement>(`input[name="${name}"]`);
    if (!field) return;
    field.value = value;
    field.disabled = false;
  };
  set("values", JSON.stringify(values));
  set("by", by);
  set("act", `do:${step}`);
  form.submit();
}

async function mount(container: HTMLElement, texts: Texts): Promise<void> {
  const step = container.dataset["trialStep"] ?? "";
  const source = told<Source>(container.dataset["trialForm"] ?? "");
  const section = container.closest("section");
  const button = section?.querySelector<HTMLButtonElement>("[data-complete]");
  const person = section?.querySelector<HTMLInputElement>("[data-by]");
  container.replaceChildren();
  const form = new Form({ container, ...{ debounce: false } });
  speak(form, texts);
  speakPlaceholders(container, texts);
  await form.importSchema(source.schema, source.data);
  const complete = () => {
    const { data, errors } = form.submit();
    if (Object.keys(errors).length > 0) {
      container.querySelector<HTMLElement>(".fjs-has-errors input, .fjs-has-errors [tabindex]")?.focus();
      return;
    }
    if (button) button.disabled = true;
    go(data as Record<string, unknown>, step, person?.value ?? "");
  };
  container.addEventListener("submit", (event) => {
    event.preventDefault();
    complete();
  }, true);
  if (button) {
    button.disabled = false;
    button.addEventListener("click", complete);
  }
  container.setAttribute("data-ready", "yes");
}

const texts = told<Texts>("form-texts") ?? {};
for (const container of document.querySelectorAll<HTMLElement>("[data-trial-form]")) {
  mount(container, texts).catch((error: unknown) => {
    container.textContent = container.dataset["failed"] ?? String(error);
  });
}
