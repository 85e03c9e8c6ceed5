// The task page: form-js draws the step's form; drafts are kept, and completing answers by field.
import "@bpmn-io/form-js-viewer/dist/assets/form-js.css";
import { Form } from "@bpmn-io/form-js-viewer";
import { Drafts } from "./drafts";
import { speak, speakPlaceholders, type Texts } from "./form_texts";
import { Following } from "./following";
import { load, send } from "./requests";

interface Component {
  id: string;
  key?: string;
  path?: string;
  components?: Component[];
}

interface Source {
  schema: Component;
  data: Record<string, unknown>;
  readonly: boolean;
  texts: Texts;
}

interface Refusal {
  message: string;
  code: string;
  errors?: Record<string, string[]>;
}

interface State {
  errors: Record<string, unknown>;
  data: Record<string, unknown>;
}

const AT_ONCE = { debounce: false };

type Inner = Form & { _setState(state: Partial<State>): void; _getState(): State };

function idsByKey(component: Component, found: Record<string, string> = {}): Record<string, string> {
  if (component.key) found[component.key] = component.id;
  for (const inner of component.components ?? []) idsByKey(inner, found);
  return found;
}

class TaskForm {
  private readonly form: Inner;
  private readonly drafts: Drafts;
  private readonly button = document.querySelector<HTMLButtonElement>("#complete");
  private readonly messages = document.querySelector<HTMLElement>("#form-messages");
  private busy = false;

  constructor(
    private readonly container: HTMLElement,
    private readonly source: Source,
  ) {
    container.replaceChildren();
    // With a delay, a redraw meanwhile would take back what was typed.
    this.form = new Form({ container, ...AT_ONCE }) as Inner;
    speak(this.form, source.texts);
    speakPlaceholders(container, source.texts);
    this.drafts = new Drafts(container.dataset["draftUrl"] ?? "", source.texts, () => this.values());
  }

  async show(): Promise<void> {
    await this.form.importSchema(this.source.schema, this.source.data);
    if (this.source.readonly) {
      this.form.setProperty("readOnly", true);
      return;
    }
    const following = new Following(
      () => this.values(),
      (key) => idsByKey(this.source.schema)[key],
      (key, value) => this.fill(key, value),
    );
    following.follow();
    this.form.on("changed", () => following.follow());
    this.form.on("field.updated", () => this.drafts.changed());
    this.container.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.complete();
    }, true);
    this.button?.addEventListener("click", () => void this.complete());
    document.querySelector("#save-draft")?.addEventListener("click", () => void this.drafts.save());
    if (this.button) this.button.disabled = false;
    const opened = this.container.dataset["openUrl"];
    if (opened) void send(opened, {});
  }

  private values(): Record<string, unknown> {
    const submitted = (this.form as unknown as { _getSubmitData(): Record<string, unknown> })._getSubmitData();
    return submitted;
  }

  /** Write a value as if it were typed. */
  private fill(key: string, value: string): void {
    this.form._setState({ data: { ...this.form._getState().data, [key]: value } });
    this.drafts.changed();
  }

  private async complete(): Promise<void> {
    if (this.busy) return;
    const { data, errors } = this.form.submit();
    if (Object.keys(errors).length > 0) {
      this.say(this.source.texts["mend"] ?? "", "bad");
      this.focusFirstError();
      return;
    }
    this.work(true);
    this.drafts.stop();
    try {
      const response = await send(this.container.dataset["completeUrl"] ?? "", { variables: data });
      if (response.ok) {
        const { location: next } = (await response.json()) as { location: string };
        window.location.assign(next);
        return;
      }
      this.refused((await response.json()) as Refusal, response.status);
    } catch {
      this.say(this.source.texts["offline"] ?? "", "bad");
      this.drafts.resume();
      this.work(false);
    }
  }

  private refused(refusal: Refusal, status: number): void {
    this.drafts.resume();
    const ids = idsByKey(this.source.schema);
    const placed: Record<string, string[]> = {};
    const unplaced: string[] = [];
    for (const [key, messages] of Object.entries(refusal.errors ?? {})) {
      const id = ids[key];
      if (id) placed[id] = messages;
      else unplaced.push(...messages.map((message) => `${key}: ${message}`));
    }
    this.form._setState({ errors: placed });
    this.say([refusal.message, ...unplaced].join(" "), "bad");
    this.focusFirstError();
    this.work(false);
    const final = [403, 404, 409].includes(status) && refusal.code !== "outrun";
    if (final) {
      this.drafts.stop();
      if (this.button) this.button.disabled = true;
    }
  }

  private focusFirstError(): void {
    requestAnimationFrame(() => {
      const field = this.container.querySelector<HTMLElement>(
        ".fjs-has-errors input, .fjs-has-errors textarea, .fjs-has-errors select, .fjs-has-errors [tabindex]",
      );
      field?.focus();
    });
  }

  private work(busy: boolean): void {
    this.busy = busy;
    if (!this.button) return;
    this.button.disabled = busy;
    this.button.toggleAttribute("aria-busy", busy);
  }

  private say(text: string, tone: string): void {
    if (!this.messages) return;
    const line = document.createElement("p");
    line.className = `message message-${tone}`;
    line.textContent = text;
    this.messages.replaceChildren(line);
  }
}

for (const container of document.querySelectorAll<HTMLElement>("[data-form-source]")) {
  load<Source>(container.dataset["formSource"] ?? "")
    .then((source) => new TaskForm(container, source).show())
    .then(() => container.setAttribute("data-ready", "yes"))
    .catch((error: unknown) => {
      container.textContent = container.dataset["failed"] ?? String(error);
    });
}
